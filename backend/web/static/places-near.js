/** Names of places: around a map without tiles, so that it is never bare ground, and within what a zone covers. */

const MOST_DRAWN = 14;
const SETTLED_MS = 350;

/** @returns {Promise<Array<{name: string, lat: number, lon: number, distance_m: number}>>} none where none are loaded */
export async function placesNear(lat, lon, within_m) {
  const headers = { "X-CSRFToken": document.querySelector("input[name=csrf_token]")?.value ?? "" };
  try {
    const body = new URLSearchParams({ lat, lon, within_m });
    const response = await fetch("/places/near", { method: "POST", headers, body, signal: AbortSignal.timeout(8000) });
    return response.ok ? (await response.json()).places : [];
  } catch {
    return [];
  }
}

/** Calls what follows once nothing has happened for a moment. */
export function settled(then) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(then, SETTLED_MS);
  };
}

/** Draw the names of places around the middle of a map, and again where it is moved. */
export function drawNames(map) {
  const L = globalThis.L;
  let drawn = L.layerGroup().addTo(map);
  const draw = async () => {
    const middle = map.getCenter();
    const found = await placesNear(middle.lat, middle.lng, middle.distanceTo(map.getBounds().getNorthEast()));
    drawn.remove();
    const dots = found.slice(0, MOST_DRAWN).map((one) =>
      L.circleMarker([one.lat, one.lon], { radius: 2, color: "#3c4650", interactive: false })
        .bindTooltip(Object.assign(document.createElement("span"), { textContent: one.name }), { permanent: true, direction: "right", className: "case-map__name" }),
    );
    drawn = L.layerGroup(dots).addTo(map);
  };
  map.on("moveend", settled(draw));
  draw();
}

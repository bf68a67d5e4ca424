/** Rings of known distances on a map without tiles: they say how far everything is from the middle of a zone. */

/** Radii in metres, each with its words. */
const RINGS = [[500, "500 m"], [1000, "1 km"], [2000, "2 km"], [5000, "5 km"], [10_000, "10 km"], [20_000, "20 km"]];
const METRES_A_DEGREE = 111_320;

/**
 * Draw the rings in a group of layers that is on a map, in place of those that it had.
 * @param {object} L Leaflet
 * @param {object} group
 * @param {{lat: number, lng: number}} middle
 * @param {{ring: string, words: string}} classes
 */
export function drawRings(L, group, { lat, lng }, classes) {
  group.clearLayers();
  for (const [radius, words] of RINGS) {
    const said = Object.assign(document.createElement("span"), { textContent: words });
    L.circle([lat, lng], { className: classes.ring, radius, weight: 1, fill: false, interactive: false }).addTo(group);
    L.circleMarker([lat + radius / METRES_A_DEGREE, lng], { radius: 0, stroke: false, fill: false, interactive: false })
      .bindTooltip(said, { permanent: true, direction: "center", className: classes.words })
      .addTo(group);
  }
}

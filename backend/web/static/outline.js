/**
 * Says what the outline of a circle gives away, before the order is served: who sees it finds its middle. A proposal moves
 * the middle by chance and widens the circle by as much, so that all that was in it stays in it.
 */

const METRES_A_MILE = 1609.344;
const METRES_A_DEGREE = 111_320;
const LEAST_SHARE = 0.35;
const MOST_SHARE = 0.6;
const box = document.querySelector("[data-outline]");

function chance() {
  return crypto.getRandomValues(new Uint32Array(1))[0] / 2 ** 32;
}

/** @param {Object<string, HTMLInputElement|null>} fields @param {(lat: number, lon: number) => void} to */
export function startOutline({ lat, lon, radius, unit, shape }, to) {
  if (!box || !radius) return;
  const said = box.querySelector("[data-outline-said]");
  const offset = box.querySelector("[data-outline-offset]");
  let movedBy = null;
  const factor = () => (unit?.value === "miles" ? METRES_A_MILE : 1);

  function show() {
    const [y, x, size] = [lat, lon, radius].map((field) => Number.parseFloat(field.value));
    box.hidden = ![y, x, size].every(Number.isFinite) || Boolean(shape?.value);
    if (box.hidden) return;
    const metres = Math.round(size * factor());
    offset.hidden = movedBy !== null;
    said.textContent =
      movedBy === null
        ? `This zone covers everything within ${metres} m of its middle, ${Math.round((2 * metres) / 100) / 10} km across. If you put the middle on the address, the outline in the order gives the address away to within about 10 m.`
        : `The middle was moved by ${movedBy} m and the circle widened by as much: everything that was in it is in it. The outline gives the address away to within ${movedBy} m, and not nearer. Do not move it again once the order is served.`;
  }

  offset.addEventListener("click", () => {
    const metres = Number.parseFloat(radius.value) * factor();
    const by = Math.round(metres * (LEAST_SHARE + chance() * (MOST_SHARE - LEAST_SHARE)));
    const turn = chance() * 2 * Math.PI;
    const y = Number.parseFloat(lat.value);
    const x = Number.parseFloat(lon.value);
    radius.value = unit?.value === "miles" ? ((metres + by) / METRES_A_MILE).toFixed(3) : String(Math.ceil(metres + by));
    movedBy = by;
    to(y + (by * Math.cos(turn)) / METRES_A_DEGREE, x + (by * Math.sin(turn)) / (METRES_A_DEGREE * Math.cos((y * Math.PI) / 180)));
    movedBy = by;
    show();
  });
  for (const field of [lat, lon, radius, unit, shape]) {
    field?.addEventListener("input", (event) => {
      // What a hand enters is a new circle.
      if (event.isTrusted) movedBy = null;
      show();
    });
  }
  document.querySelector("[data-case-map]").addEventListener("click", () => {
    movedBy = null;
    setTimeout(show);
  });
  show();
}

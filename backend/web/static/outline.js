/**
 * Says what a zone covers and what its outline gives away, before the order is served: who sees it finds its middle. A proposal moves
 * the middle by chance and widens the circle by as much, so that all that was in it stays in it.
 */

import { placesNear, settled } from "./places-near.js";

const METRES_A_MILE = 1609.344;
const METRES_A_DEGREE = 111_320;
const MOST_NAMED = 5;
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
  const covers = box.querySelector("[data-outline-covers]");
  let movedBy = null;
  let isAddress = false;
  const factor = () => (unit?.value === "miles" ? METRES_A_MILE : 1);

  /** Say which named places lie in what is drawn. */
  const name = settled(async () => {
    const drawn = outlineNow();
    if (!drawn) return;
    const found = await placesNear(drawn.lat, drawn.lon, drawn.radius);
    if (JSON.stringify(outlineNow()) !== JSON.stringify(drawn)) return;
    covers.textContent = inWords(found.filter((one) => !drawn.ring || isInside([one.lon, one.lat], drawn.ring)).map((one) => one.name));
  });

  function outlineNow() {
    if (shape?.value) return outlineOf(shape.value);
    const [y, x, size] = [lat, lon, radius].map((field) => Number.parseFloat(field.value));
    return [y, x, size].every(Number.isFinite) ? { lat: y, lon: x, radius: Math.round(size * factor()) } : null;
  }

  function show() {
    const drawn = outlineNow();
    box.hidden = !drawn;
    covers.textContent = "";
    if (!drawn) return;
    name();
    offset.hidden = movedBy !== null || Boolean(drawn.ring);
    said.textContent = drawn.ring ? ofArea(drawn) : ofCircle(drawn.radius);
  }

  const ofArea = ({ km2, width, height }) =>
    `This zone covers ${km2 < 0.1 ? `${Math.round(km2 * 100)} hectares` : `${km2.toFixed(1)} km²`}, ${width} m from west to east and ${height} m from south to north. Anyone who sees the outline knows that the address is in it. Draw it so that the address is not in its middle, and many other houses are in it.`;

  function ofCircle(metres) {
    const size = `This zone covers everything within ${metres} m of its middle, ${Math.round((2 * metres) / 100) / 10} km across.`;
    if (movedBy !== null)
      return `The middle was moved by ${movedBy} m and the circle widened by as much: everything that was in it is in it. The outline gives the address away to within ${movedBy} m, and not nearer. Do not move it again once the order is served.`;
    if (isAddress) return `${size} The middle of this circle is the address: the outline in the order gives the address away to within about 10 m.`;
    return `${size} If you put the middle on the address, the outline in the order gives the address away to within about 10 m.`;
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
      if (event.isTrusted) [movedBy, isAddress] = [null, false];
      show();
    });
  }
  document.querySelector("[data-case-map]").addEventListener("click", () => {
    [movedBy, isAddress] = [null, false];
    setTimeout(show);
  });
  show();
  return {
    /** The middle is what was searched for. */
    isAddress() {
      [movedBy, isAddress] = [null, true];
      show();
    },
  };
}

/** Return the middle, reach and measures of a pasted or drawn area, or null where it is none. */
function outlineOf(text) {
  try {
    const parsed = JSON.parse(text);
    const geometry = parsed.features?.[0]?.geometry ?? parsed.geometry ?? parsed;
    const ring = { Polygon: (it) => it[0], MultiPolygon: (it) => it[0][0] }[geometry.type]?.(geometry.coordinates);
    if (!ring?.length) return null;
    const [west, south] = [0, 1].map((axis) => Math.min(...ring.map((corner) => corner[axis])));
    const [east, north] = [0, 1].map((axis) => Math.max(...ring.map((corner) => corner[axis])));
    const [y, x] = [(south + north) / 2, (west + east) / 2];
    const across = METRES_A_DEGREE * Math.cos((y * Math.PI) / 180);
    const [width, height] = [(east - west) * across, (north - south) * METRES_A_DEGREE].map(Math.round);
    const twice = ring.reduce((sum, [x1, y1], n) => {
      const [x2, y2] = ring[(n + 1) % ring.length];
      return sum + x1 * y2 - x2 * y1;
    }, 0);
    const km2 = (Math.abs(twice) / 2) * across * METRES_A_DEGREE * 1e-6;
    return { lat: y, lon: x, radius: Math.ceil(Math.hypot(width, height) / 2), ring, km2, width, height };
  } catch {
    return null;
  }
}

function isInside([x, y], ring) {
  let inside = false;
  ring.forEach(([x1, y1], n) => {
    const [x2, y2] = ring[(n + 1) % ring.length];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
  });
  return inside;
}

function inWords(names) {
  const once = [...new Set(names)];
  if (!once.length) return "";
  const shown = once.slice(0, MOST_NAMED);
  const rest = once.length - shown.length;
  return `In it: ${shown.join(", ")}${rest ? ` and ${rest} more named ${rest === 1 ? "place" : "places"}` : ""}.`;
}

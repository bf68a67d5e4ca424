/** The maps of case pages: zones as they are, a tap for the middle of a new circle, areas drawn by tap or by keyboard. */

import { drawRings } from "./officer/rings.js";
import { startOutline } from "./outline.js";
import { drawNames } from "./places-near.js";
import { startPlaceSearch } from "./place-search.js";

const L = window.L;
const STYLE = { color: "#b3261e", weight: 2, fillOpacity: 0.15 };
const DRAWN = { color: "#1a65a6", weight: 3, fillOpacity: 0.2 };
const LONDON = [51.507, -0.128];
const METRES_A_MILE = 1609.344;
const LEAST_CORNERS = 3;

function layerOf(feature) {
  const { type, coordinates } = feature.geometry;
  const { radius_m, radius_miles } = feature.properties;
  const radius = radius_m ?? radius_miles * METRES_A_MILE;
  if (type === "Point") return L.circle([coordinates[1], coordinates[0]], { ...STYLE, radius });
  return L.geoJSON(feature, { style: STYLE });
}

function begin(ground) {
  const map = L.map(ground, { attributionControl: false, zoomSnap: 0.5 });
  if (ground.dataset.tiles) L.tileLayer(ground.dataset.tiles, { maxZoom: 19 }).addTo(map);
  else map.whenReady(() => drawNames(map));
  L.control.scale({ imperial: false }).addTo(map);
  const north = L.control({ position: "topright" });
  north.onAdd = () => Object.assign(document.createElement("div"), { className: "case-map__north", textContent: "▲ N", ariaHidden: "true" });
  north.addTo(map);
  map.setView(LONDON, 12);
  const zones = JSON.parse(ground.dataset.zones).map(layerOf);
  zones.forEach((layer) => layer.addTo(map));
  const around = distances(map, ground);
  if (zones.length) around(zones[0]);
  if (zones.length) map.fitBounds(zones.reduce((all, layer) => all.extend(layer.getBounds()), L.latLngBounds([])).pad(0.6));
  if (ground.dataset.pick) pick(map, around);
}

/** Return what draws rings of known distances around a zone, on a map without tiles. */
function distances(map, ground) {
  const rings = L.layerGroup().addTo(map);
  const classes = { ring: "case-map__ring", words: "case-map__name case-map__distance" };
  return (layer) => ground.dataset.tiles || drawRings(L, rings, layer.getBounds().getCenter(), classes);
}

function pick(map, around) {
  const [lat, lon] = ["lat", "lon"].map((id) => document.getElementById(id));
  const radius = document.getElementById("radius_m") ?? document.getElementById("radius");
  // Only the page on which a zone is entered whole has a shape that is pasted.
  const [unit, shape] = ["radius_unit", "shape"].map((id) => document.getElementById(id));
  let circle = null;
  const draw = () => {
    circle?.remove();
    circle = null;
    const [y, x, size] = [lat, lon, radius].map((field) => Number.parseFloat(field.value));
    if (![y, x, size].every(Number.isFinite) || Math.abs(y) > 90 || Math.abs(x) > 180) return;
    circle = L.circle([y, x], { ...DRAWN, radius: unit?.value === "miles" ? size * METRES_A_MILE : size }).addTo(map);
    around(circle);
  };
  const area = shape && draws(map, shape);
  map.on("click", (event) => {
    if (area?.takes(event.latlng)) return;
    lat.value = event.latlng.lat.toFixed(6);
    lon.value = event.latlng.lng.toFixed(6);
    draw();
  });
  const show = () => {
    draw();
    if (circle && !map.getBounds().contains(circle.getBounds())) map.fitBounds(circle.getBounds().pad(1));
  };
  for (const field of [lat, lon, radius, unit]) field?.addEventListener("input", show);
  const to = (y, x) => {
    lat.value = y.toFixed(6);
    lon.value = x.toFixed(6);
    for (const field of [lat, lon]) field.dispatchEvent(new Event("input"));
    if (!circle) map.setView([y, x], 16);
  };
  const outline = startOutline({ lat, lon, radius, unit, shape }, to);
  startPlaceSearch((y, x) => {
    to(y, x);
    outline?.isAddress();
  });
  draw();
  if (circle) map.fitBounds(circle.getBounds().pad(1));
  if (shape) follow(map, shape);
}

/** Draw the shape that is pasted while it can be read; what is wrong with it is said when it is sent. */
function follow(map, field) {
  let drawn = null;
  const draw = () => {
    drawn?.remove();
    drawn = null;
    try {
      drawn = L.geoJSON(JSON.parse(field.value), { style: DRAWN }).addTo(map);
    } catch {
      return;
    }
    if (drawn.getBounds().isValid()) map.fitBounds(drawn.getBounds().pad(0.6));
  };
  field.addEventListener("input", draw);
  if (field.value) draw();
}

/**
 * Let an area be drawn by tapping its corners, into the field of the pasted shape: that field is the truth, and the way for
 * the one who draws nothing. Returns what says whether a tap was a corner.
 */
function draws(map, field) {
  const tools = document.querySelector("[data-draw]");
  if (!tools) return null;
  const [begin, here, undo, close, clear, said] = ["begin", "here", "undo", "close", "clear", "said"].map((name) =>
    tools.querySelector(`[data-draw-${name}]`),
  );
  const circle = ["lat", "lon"].map((id) => document.getElementById(id));
  let corners = null;
  let sketch = null;
  const put = (text) => {
    field.value = text;
    field.dispatchEvent(new Event("input"));
  };
  const show = () => {
    sketch?.remove();
    const points = corners ?? [];
    const dots = points.map((corner) => L.circleMarker(corner, { ...DRAWN, radius: 7, fillOpacity: 1, interactive: false }));
    const lines = points.length > 1 ? [L.polyline(points, { ...DRAWN, dashArray: "6 6", interactive: false })] : [];
    sketch = L.layerGroup([...lines, ...dots]).addTo(map);
    begin.hidden = corners !== null;
    here.hidden = undo.hidden = close.hidden = corners === null;
    undo.disabled = !points.length;
    close.disabled = points.length < LEAST_CORNERS;
    clear.hidden = corners === null && !field.value;
    map.getContainer().classList.toggle("case-map--draws", corners !== null);
    // Two corners that are tapped one right after the other are no wish to see more of the ground between them.
    map.doubleClickZoom[corners === null ? "enable" : "disable"]();
  };
  const say = (text) => {
    said.textContent = text;
    show();
  };
  const count = () =>
    say(`${corners.length} ${corners.length === 1 ? "corner" : "corners"}. ` +
      (corners.length < LEAST_CORNERS ? "Tap the next one." : "Tap the next one, or close the area."));
  begin.addEventListener("click", () => {
    corners = [];
    for (const input of circle) {
      input.value = "";
      input.dispatchEvent(new Event("input"));
    }
    put("");
    say("Tap the corners of the area, one after the other. With a keyboard, move the map with the arrow keys, and put a corner at its middle.");
    map.getContainer().focus();
  });
  here.addEventListener("click", () => {
    corners.push(map.getCenter());
    count();
  });
  undo.addEventListener("click", () => {
    corners.pop();
    count();
  });
  const closeArea = () => {
    const ring = [...corners, corners[0]].map(({ lat, lng }) => [Number(lng.toFixed(6)), Number(lat.toFixed(6))]);
    const drawn = `An area of ${corners.length} corners. It is in the field “GeoJSON” below.`;
    corners = null;
    put(JSON.stringify({ type: "Polygon", coordinates: [ring] }));
    field.closest("details").open = true;
    say(drawn);
  };
  close.addEventListener("click", () => {
    closeArea();
    begin.focus();
  });
  // Who goes on without closing the area meant what they drew: it is not thrown away.
  field.form.addEventListener("submit", () => corners?.length >= LEAST_CORNERS && closeArea());
  clear.addEventListener("click", () => {
    corners = null;
    put("");
    say("Nothing is drawn. A tap is the middle of a circle again.");
    begin.focus();
  });
  field.addEventListener("input", show);
  tools.hidden = false;
  show();
  return {
    takes(corner) {
      if (corners === null) return false;
      corners.push(corner);
      count();
      return true;
    },
  };
}

document.querySelectorAll("[data-case-map]").forEach(begin);

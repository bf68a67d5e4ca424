/** The maps of case pages: zones as they are, and a tap that fills in the middle of a new circle. */

const L = window.L;
const STYLE = { color: "#b3261e", weight: 2, fillOpacity: 0.15 };
const DRAWN = { color: "#1a65a6", weight: 3, fillOpacity: 0.2 };
const LONDON = [51.507, -0.128];
const METRES_A_MILE = 1609.344;

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
  L.control.scale({ imperial: false }).addTo(map);
  map.setView(LONDON, 12);
  const zones = JSON.parse(ground.dataset.zones).map(layerOf);
  zones.forEach((layer) => layer.addTo(map));
  if (zones.length) map.fitBounds(zones.reduce((all, layer) => all.extend(layer.getBounds()), L.latLngBounds([])).pad(0.6));
  if (ground.dataset.pick) pick(map);
}

function pick(map) {
  const [lat, lon] = ["lat", "lon"].map((id) => document.getElementById(id));
  const radius = document.getElementById("radius_m") ?? document.getElementById("radius");
  // Only the page on which a zone is entered whole has a unit, and a shape that is pasted.
  const [unit, shape] = ["radius_unit", "shape"].map((id) => document.getElementById(id));
  let circle = null;
  const draw = () => {
    circle?.remove();
    circle = null;
    const [y, x, size] = [lat, lon, radius].map((field) => Number.parseFloat(field.value));
    if (![y, x, size].every(Number.isFinite) || Math.abs(y) > 90 || Math.abs(x) > 180) return;
    circle = L.circle([y, x], { ...DRAWN, radius: unit?.value === "miles" ? size * METRES_A_MILE : size }).addTo(map);
  };
  map.on("click", (event) => {
    lat.value = event.latlng.lat.toFixed(6);
    lon.value = event.latlng.lng.toFixed(6);
    draw();
  });
  const show = () => {
    draw();
    if (circle && !map.getBounds().contains(circle.getBounds())) map.fitBounds(circle.getBounds().pad(1));
  };
  for (const field of [lat, lon, radius, unit]) field?.addEventListener("input", show);
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

document.querySelectorAll("[data-case-map]").forEach(begin);

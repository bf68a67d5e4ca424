/** The maps of case pages: zones as they are, and a tap that fills in the middle of a new circle. */

const L = window.L;
const STYLE = { color: "#b3261e", weight: 2, fillOpacity: 0.15 };
const DRAWN = { color: "#1a65a6", weight: 3, fillOpacity: 0.2 };
const LONDON = [51.507, -0.128];

function layerOf(feature) {
  const { type, coordinates } = feature.geometry;
  if (type === "Point") return L.circle([coordinates[1], coordinates[0]], { ...STYLE, radius: feature.properties.radius_m });
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
  const [lat, lon, radius] = ["lat", "lon", "radius_m"].map((id) => document.getElementById(id));
  let circle = null;
  const draw = () => {
    circle?.remove();
    const [y, x, metres] = [lat, lon, radius].map((field) => Number.parseFloat(field.value));
    if (![y, x, metres].every(Number.isFinite) || Math.abs(y) > 90 || Math.abs(x) > 180) return;
    circle = L.circle([y, x], { ...DRAWN, radius: metres }).addTo(map);
  };
  map.on("click", (event) => {
    lat.value = event.latlng.lat.toFixed(6);
    lon.value = event.latlng.lng.toFixed(6);
    draw();
  });
  for (const field of [lat, lon, radius]) field.addEventListener("input", draw);
  draw();
  if (circle) map.fitBounds(circle.getBounds().pad(1));
}

document.querySelectorAll("[data-case-map]").forEach(begin);

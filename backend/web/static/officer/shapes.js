/** Draws a zone and its buffer ring with Leaflet. GeoJSON has longitude first; this is where the order turns. */

const METRES_A_DEGREE = 111_320;
const EQUATOR_M = 40_075_016.686;
const MILE_M = 1609.344;
// What a zone that names no buffer is judged with (zones.zone).
const DEFAULT_BUFFER_M = 500;

const turn = ([lon, lat]) => [lat, lon];

/** @returns {number} metres that one pixel spans */
function metresPerPixel(map, lat) {
  return (EQUATOR_M * Math.cos((lat * Math.PI) / 180)) / 2 ** (map.getZoom() + 8);
}

function outlines(geometry) {
  if (geometry.type === "Polygon") return [geometry.coordinates.map((ring) => ring.map(turn))];
  if (geometry.type === "MultiPolygon") return geometry.coordinates.map((part) => part.map((ring) => ring.map(turn)));
  return [];
}

function flat(coordinates) {
  return typeof coordinates[0] === "number" ? [turn(coordinates)] : coordinates.flatMap(flat);
}

/** @returns {L.LatLngBounds} of the zone with `margin_m` around it */
export function boundsOf(L, feature, margin_m) {
  const { geometry, properties } = feature;
  // A place that moves with a person has no shape, and where they are stands on no map.
  if (!geometry) return L.latLngBounds([]);
  const reach = margin_m + radiusOf(properties) + (properties.width_m ?? 0) / 2;
  const bounds = L.latLngBounds(flat(geometry.coordinates));
  const north = reach / METRES_A_DEGREE;
  const east = north / Math.cos((bounds.getCenter().lat * Math.PI) / 180);
  return L.latLngBounds(
    [bounds.getSouth() - north, bounds.getWest() - east],
    [bounds.getNorth() + north, bounds.getEast() + east],
  );
}

/** @returns {number} how broad the ring around the zone is, in metres */
export function bufferOf(feature) {
  return feature.properties?.buffer_m ?? DEFAULT_BUFFER_M;
}

function radiusOf(properties) {
  return properties.radius_m ?? (properties.radius_miles ?? 0) * MILE_M;
}

/**
 * Draw the zone on the map.
 * @returns {{layer: L.LayerGroup, buffer_m: number, keepsIn: boolean, moves: boolean | undefined}}
 */
export function drawZone(L, map, feature) {
  const { geometry, properties } = feature;
  const buffer_m = bufferOf(feature);
  const keepsIn = ["inclusion", "restriction"].includes(properties.kind);
  const layer = L.layerGroup().addTo(map);
  const edge = { className: `zone-edge${keepsIn ? " zone-edge--in" : ""}`, weight: 3, interactive: false };
  const ring = { className: "zone-buffer", interactive: false };
  if (!geometry) return { layer, buffer_m, keepsIn, moves: true };
  if (geometry.type === "Point") {
    const centre = turn(geometry.coordinates);
    const radius = radiusOf(properties);
    const outer = Math.max(0, keepsIn ? radius - buffer_m : radius + buffer_m);
    if (buffer_m) L.circle(centre, { ...ring, radius: outer, weight: 2 }).addTo(layer);
    L.circle(centre, { ...edge, radius }).addTo(layer);
    return { layer, buffer_m, keepsIn };
  }
  // The ring of any other shape is its own outline, drawn as broad as the ring is: the join of the strokes is round.
  const broad = [];
  if (geometry.type === "LineString") {
    const line = geometry.coordinates.map(turn);
    const width = properties.width_m ?? 0;
    broad.push([L.polyline(line, { ...ring, className: "zone-band" }).addTo(layer), width + 2 * buffer_m]);
    broad.push([L.polyline(line, { ...edge, className: "zone-line" }).addTo(layer), width]);
  } else {
    for (const rings of outlines(geometry)) {
      broad.push([L.polygon(rings, { ...ring, className: "zone-band", fill: false }).addTo(layer), 2 * buffer_m]);
      L.polygon(rings, edge).addTo(layer);
    }
  }
  const lat = boundsOf(L, feature, 0).getCenter().lat;
  const scale = () => {
    for (const [path, metres] of broad) path.setStyle({ weight: Math.max(3, metres / metresPerPixel(map, lat)) });
  };
  map.on("zoomend", scale);
  scale();
  return { layer, buffer_m, keepsIn };
}

/** The map of one alert: zone, ring, track and the newest fix with its error; without tiles the ground is plain. */

import { now } from "./clock.js";
import { config } from "./config.js";
import { el, fill } from "./dom.js";
import { load } from "./library.js";
import { drawRings } from "./rings.js";
import { boundsOf, bufferOf, drawZone } from "./shapes.js";
import { clockTime } from "./time.js";

const RECENT_MS = 15 * 60_000;
const GAP_MS = 150_000;
// An alert that is about no place: the map shows where the tag was last.
const NO_ZONE = { buffer_m: 0, keepsIn: false, moves: true };
const SIZES = { clear: 3, buffer: 4.5, breach: 6 };

function pairs(track) {
  return track.slice(1).map((fix, index) => [track[index], fix]);
}

export class AlertMap {
  #map = null;
  #zone = null;
  #track = null;
  #names = null;
  #rings = null;
  #zoneKey = "";
  #shown = null;
  /** What was to be drawn last; null once the view is left. */
  #wanted = null;
  #fitted = null;
  #isMoved = false;
  #isBig = false;

  constructor() {
    this.ground = el("div", { class: "map__ground", role: "group", "aria-label": "Map of the zone and the track; north is up" });
    this.bigger = el("button", { type: "button", class: "map__button", "aria-expanded": "false", on: { click: () => this.#resize() } }, "Larger map");
    this.refit = el("button", { type: "button", class: "map__button", hidden: true, on: { click: () => this.#fit(true) } }, "Show all again");
    this.legend = el("ul", { class: "legend", role: "list" });
    this.element = el(
      "section",
      { class: "map", "aria-labelledby": "map-title" },
      el("h2", { class: "visually-hidden", id: "map-title" }, "Map"),
      el("div", { class: "map__frame" }, this.ground, el("div", { class: "map__buttons" }, this.refit, this.bigger)),
      this.legend,
      config.tile_url && config.tile_attribution && el("p", { class: "map__credit" }, config.tile_attribution),
    );
    this.element.addEventListener("keydown", (event) => event.key === "Escape" && this.#isBig && this.#resize());
  }

  /** Show the alert's zone and track as they are now. */
  update(alert) {
    const L = window.L;
    this.#wanted = alert;
    if (!L) {
      // Where it cannot be loaded just now the next change of the alert asks again.
      load(...config.libraries.map).then(() => this.#wanted && this.update(this.#wanted), () => {});
      return;
    }
    if (this.element.hidden || !this.ground.isConnected || alert === this.#shown) return;
    this.#shown = alert;
    if (!this.#map) this.#begin(L);
    const zoneKey = JSON.stringify(alert.zone ?? "none");
    if (zoneKey !== this.#zoneKey) {
      this.#zoneKey = zoneKey;
      this.#fitted = this.#bounds(L, alert);
      this.#fit(true);
      this.#zone?.layer.remove();
      this.#zone = alert.zone ? drawZone(L, this.#map, alert.zone) : { ...NO_ZONE, layer: L.layerGroup() };
      this.#drawRings(L, alert.zone);
      this.#track?.remove();
      this.#track = L.layerGroup().addTo(this.#map);
    }
    this.#fitted = this.#bounds(L, alert);
    this.#drawNames(L, alert.whereabouts?.names ?? []);
    this.#drawTrack(L, alert.track);
    if (alert.reach) this.#drawReach(L, alert.reach);
    this.#fit(false);
    this.#renderLegend(alert);
  }

  leave() {
    this.#wanted = null;
    document.documentElement.classList.remove("has-big-map");
    this.#map?.remove();
    this.#map = null;
  }

  #begin(L) {
    const isTouch = matchMedia("(pointer: coarse)").matches;
    this.#map = L.map(this.ground, {
      attributionControl: false,
      zoomControl: false,
      scrollWheelZoom: false,
      // One finger scrolls the page; the larger map moves with one finger.
      dragging: !isTouch,
      zoomSnap: 0.25,
      fadeAnimation: false,
      zoomAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      center: [51.5, -0.12],
      zoom: 14,
    });
    if (config.tile_url) L.tileLayer(config.tile_url, { className: "map__tiles", maxZoom: 19 }).addTo(this.#map);
    L.control.zoom({ position: "bottomright" }).addTo(this.#map);
    L.control.scale({ imperial: false, maxWidth: 120 }).addTo(this.#map);
    const north = L.control({ position: "topleft" });
    north.onAdd = () => el("div", { class: "map__north", "aria-hidden": "true" }, "▲", el("b", {}, "N"));
    north.addTo(this.#map);
    this.#map.on("dragend zoomend", (event) => {
      if (event.type === "dragend" || this.#isByHand) this.#moved();
    });
    for (const name of ["pointerdown", "keydown"]) this.ground.addEventListener(name, () => (this.#isByHand = true));
  }

  #isByHand = false;

  #moved() {
    this.#isMoved = true;
    this.refit.hidden = false;
  }

  #bounds(L, alert) {
    const bounds = alert.zone ? boundsOf(L, alert.zone, bufferOf(alert.zone)) : L.latLngBounds([]);
    const newest = alert.track.at(-1);
    if (!newest) return bounds;
    const since = Date.parse(newest.fix_time) - RECENT_MS;
    for (const fix of alert.track) if (Date.parse(fix.fix_time) >= since && fix.level !== null) bounds.extend([fix.lat, fix.lon]);
    return bounds.extend([newest.lat, newest.lon]);
  }

  #fit(isAsked) {
    if (!this.#fitted?.isValid() || (this.#isMoved && !isAsked)) return;
    this.#isMoved = this.#isByHand = false;
    this.refit.hidden = true;
    const view = this.#map.getBounds();
    // While everything is in view the map stands still under the thumb.
    if (!isAsked && view.contains(this.#fitted)) return;
    this.#map.fitBounds(this.#fitted, { padding: [18, 18], animate: false, maxZoom: 17 });
  }

  /** Without tiles the ground has at least the names of places near by. */
  #drawNames(L, names) {
    this.#names?.remove();
    this.#names = L.layerGroup().addTo(this.#map);
    if (config.tile_url) return;
    for (const { name, lat, lon } of names) {
      L.circleMarker([lat, lon], { className: "map__place", radius: 3, weight: 1, interactive: false })
        .bindTooltip(el("span", {}, name), { permanent: true, direction: "right", className: "map__name" })
        .addTo(this.#names);
    }
  }

  /** Without tiles rings around the middle of the zone say how far everything is from it. */
  #drawRings(L, zone) {
    this.#rings?.remove();
    this.#rings = L.layerGroup().addTo(this.#map);
    const bounds = zone ? boundsOf(L, zone, 0) : null;
    if (config.tile_url || !bounds?.isValid()) return;
    drawRings(L, this.#rings, bounds.getCenter(), { ring: "map__ring", words: "map__name map__distance" });
  }

  #drawTrack(L, track) {
    this.#track.clearLayers();
    const newest = track.at(-1);
    if (!newest) return;
    const since = Date.parse(newest.fix_time) - RECENT_MS;
    const place = (fix) => [fix.lat, fix.lon];
    const layer = this.#track;
    for (const [before, fix] of pairs(track)) {
      const isOld = Date.parse(before.fix_time) < since;
      // No one knows the way between two fixes that lie far apart in time.
      const isGap = Date.parse(fix.fix_time) - Date.parse(before.fix_time) > GAP_MS;
      L.polyline([place(before), place(fix)], {
        className: `track${isOld ? " track--old" : ""}${isGap ? " track--gap" : ""}`,
        weight: isOld || isGap ? 2 : 3,
        interactive: false,
      }).addTo(layer);
    }
    for (const fix of track) {
      const isOld = Date.parse(fix.fix_time) < since;
      const level = fix.level ?? "unknown";
      L.circleMarker(place(fix), {
        className: `point point--${level}${isOld ? " point--old" : ""}`,
        radius: SIZES[fix.level] ?? 3,
        weight: 1.5,
        interactive: false,
      }).addTo(layer);
    }
    if (newest.accuracy_m) L.circle(place(newest), { className: "error-circle", radius: newest.accuracy_m, weight: 2, interactive: false }).addTo(layer);
    L.circleMarker(place(newest), { className: `point point--newest point--${newest.level ?? "unknown"}`, radius: 9, weight: 4, interactive: false })
      .bindTooltip(el("span", {}, `${clockTime(newest.fix_time)}${newest.accuracy_m === null ? "" : `, ±${Math.round(newest.accuracy_m)} m`}`), {
        permanent: true,
        direction: "auto",
        offset: [0, 0],
        className: "map__label",
      })
      .addTo(layer);
  }

  /** Of a silent tag: how far its wearer may be by now. */
  #drawReach(L, reach) {
    const radius = reach.doubt_m + (reach.speed_mps * Math.max(0, now() - Date.parse(reach.since))) / 1000;
    L.circle([reach.lat, reach.lon], { className: "reach", radius, weight: 2, fill: false, interactive: false }).addTo(this.#track);
  }

  #renderLegend(alert) {
    const { buffer_m, keepsIn, moves } = this.#zone;
    const minutes = RECENT_MS / 60_000;
    const item = (look, text) => el("li", { class: "legend__item" }, el("span", { class: `key key--${look}`, "aria-hidden": "true" }), text);
    fill(
      this.legend,
      !moves && item("zone", keepsIn ? "Must stay inside" : "Exclusion zone"),
      !moves && buffer_m > 0 && item("buffer", `Buffer, ${Math.round(buffer_m)} m`),
      item("newest", "Newest fix and its error"),
      item("track", `Last ${minutes} min`),
      item("gap", "No fix between"),
      !config.tile_url && !moves && item("ring", "Distance from the middle of the zone"),
      alert.reach && item("reach", "May be anywhere inside by now"),
    );
    const label = `Map, north up. ${alert.track.length} fixes.`;
    this.ground.setAttribute("aria-label", label);
  }

  #resize() {
    this.#isBig = !this.#isBig;
    document.documentElement.classList.toggle("has-big-map", this.#isBig);
    this.element.classList.toggle("map--big", this.#isBig);
    this.bigger.setAttribute("aria-expanded", String(this.#isBig));
    this.bigger.textContent = this.#isBig ? "Smaller map" : "Larger map";
    this.#map.invalidateSize({ animate: false });
    if (matchMedia("(pointer: coarse)").matches) this.#map.dragging[this.#isBig ? "enable" : "disable"]();
    this.#fit(true);
  }
}

/** Where the wearer is, for reading out to a control room: never more exact than the fix. */

import { el } from "./dom.js";
import { exactly, ticking } from "./time.js";
import { length } from "./words.js";

const LEAST_ERROR_M = 10;

function fromPlace({ place, distance_m, direction }, accuracy_m) {
  const middle = `the middle of the zone around ${place}`;
  // A direction that is shorter than the error points anywhere.
  if (distance_m < Math.max(accuracy_m ?? 0, LEAST_ERROR_M)) return [el("b", {}, "At"), ` ${middle}, as far as the position can tell`];
  return [el("b", {}, `${length(distance_m)} ${direction}`), ` of ${middle}, in a straight line`];
}

function nearWords({ name, distance_m, direction }, accuracy_m) {
  if (distance_m < Math.max(accuracy_m ?? 0, LEAST_ERROR_M)) return [el("b", {}, `At ${name}`), ", as far as the position can tell"];
  return [el("b", {}, `${length(distance_m)} ${direction} of ${name}`), ", the nearest named place"];
}

/** @param {object} where @param {string} [title] @returns {Array} what the panel holds */
export function whereaboutsPanel(where, title = "Newest position, to read out") {
  const { grid_reference, lat, lon, accuracy_m, fix_time, from_place, nearest } = where;
  const degrees = `${Math.abs(lat).toFixed(5)}° ${lat < 0 ? "south" : "north"}, ${Math.abs(lon).toFixed(5)}° ${lon < 0 ? "west" : "east"}`;
  return [
    el("h2", { class: "panel__title" }, title),
    grid_reference && el("p", { class: "where__grid", "data-grid": grid_reference }, el("span", { class: "visually-hidden" }, "Grid reference "), grid_reference),
    el("p", { class: "where__degrees" }, grid_reference ? "OS grid reference. In degrees: " : "In degrees: ", degrees),
    el(
      "p",
      {},
      el("b", {}, accuracy_m === null ? "Error not known" : `Within about ${length(accuracy_m)}`),
      ", ",
      ticking(fix_time),
      " at ",
      exactly(fix_time),
    ),
    nearest && el("p", { "data-nearest": "" }, nearWords(nearest, accuracy_m)),
    from_place && el("p", { "data-from-place": "" }, fromPlace(from_place, accuracy_m)),
    el("p", { class: "panel__more" }, "They may have moved since."),
  ];
}

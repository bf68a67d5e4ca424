/** Pieces that a card and an alert's page share. */

import { config } from "./config.js";
import { now } from "./clock.js";
import { el, shape } from "./dom.js";
import { exact, exactly, ticking } from "./time.js";
import { certaintyWord, howFar, howFast, levelWord, lookOf, timeToEdge } from "./words.js";

// A tag near a zone reports every 15 s; a fix older than this says little about where the person is now.
export const OLD_FIX_MS = 120_000;

/** @returns {string} the class of the alert's look: danger that stands is loud, the rest is quiet */
export function lookClass(alert) {
  const isQuiet = alert.is_over || alert.certainty === "withdrawn";
  return `look look--${lookOf(alert)}${isQuiet ? " look--quiet" : ""}`;
}

/** The level: shape, word and certainty. */
export function level(alert, tag = "p") {
  const isWithdrawn = alert.certainty === "withdrawn";
  return el(
    tag,
    { class: "level" },
    shape(alert.is_over ? "quiet" : lookOf(alert)),
    el("span", { class: `level__word${isWithdrawn ? " level__word--withdrawn" : ""}` }, levelWord(alert)),
    certaintyWord(alert) && el("span", { class: "level__certainty", "data-certainty": alert.certainty }, certaintyWord(alert)),
  );
}

/** What else has to be known of the situation at once. */
export function marks(alert) {
  return [
    alert.is_over && alert.over_at && el("span", { class: "mark" }, `Over since ${exact(alert.over_at)}`),
    alert.is_late && el("span", { class: "mark mark--late" }, "Found in late data"),
  ].filter(Boolean);
}

/** Where: said in full, since "at Home" would read as the home of the person on probation. */
export function place(alert) {
  return ["Protected place: ", el("b", {}, alert.place.name)];
}

/** How near and how fast, in words. */
export function nearness(alert) {
  const more = [howFast(alert), timeToEdge(alert)].filter(Boolean);
  if (alert.is_over) {
    return [el("span", { class: "near__far" }, alert.certainty === "withdrawn" ? "Most likely a GPS error" : "Clear of the place")];
  }
  return [
    el("span", { class: "near__far" }, howFar(alert)),
    more.length > 0 && el("span", { class: "near__more" }, more.join(", ")),
  ];
}

/** How old the newest fix is; an old one is said to be old. */
export function lastFix(alert, accuracy_m = null) {
  const oldFrom = Date.parse(alert.last_fix_time) + OLD_FIX_MS;
  return [
    el("span", { class: "fix__ago" }, "Last fix ", ticking(alert.last_fix_time)),
    " at ",
    exactly(alert.last_fix_time),
    accuracy_m !== null && el("span", { class: "accuracy" }, `, ±${Math.round(accuracy_m)} m`),
    !alert.is_over &&
      el("span", { class: "old", "data-from": oldFrom, hidden: now() < oldFrom }, "No newer fix: may be somewhere else now"),
  ];
}

/** @returns {{text: string, kind: "nobody"|"me"|"other"|"closed"}} who acts */
export function whoActs(alert) {
  if (alert.handling === "closed") {
    return { kind: "closed", text: alert.outcome ? `Closed by ${alert.outcome.by.name} at ${exact(alert.outcome.at)}` : "Closed" };
  }
  if (alert.handling === "open") return { kind: "nobody", text: "Nobody has acknowledged" };
  const { by, at } = alert.acknowledgement;
  return by.id === config.me.id
    ? { kind: "me", text: `You are acting since ${exact(at)}` }
    : { kind: "other", text: `${by.name} is acting since ${exact(at)}` };
}

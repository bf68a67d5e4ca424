/** Pieces that a card and an alert's page share. */

import { config, hasLevel } from "./config.js";
import { now } from "./clock.js";
import { el, shape } from "./dom.js";
import { exact, exactly, ticking } from "./time.js";
import { certaintyWord, hasEndedUnanswered, howFar, howFast, levelWord, lookOf, saidWords, timeToEdge, told, wasWords } from "./words.js";

// A tag near a zone reports every 15 s; a fix older than this says little about where the person is now.
export const OLD_FIX_MS = 120_000;

/** @returns {string} the class of the alert's look: danger that stands is loud, what someone has answered is quiet */
export function lookClass(alert) {
  const hasEnded = hasEndedUnanswered(alert);
  const isQuiet = !hasEnded && alert.kind !== "notice" && (alert.is_over || alert.certainty === "withdrawn");
  return `look look--${lookOf(alert)}${hasEnded ? " look--ended" : ""}${isQuiet ? " look--quiet" : ""}`;
}

/** The level: shape, word and certainty. */
export function level(alert, tag = "p") {
  const isWithdrawn = alert.certainty === "withdrawn";
  return el(
    tag,
    { class: "level" },
    shape(isWithdrawn ? "quiet" : lookOf(alert)),
    el("span", { class: `level__word${isWithdrawn ? " level__word--withdrawn" : ""}` }, levelWord(alert)),
    certaintyWord(alert) && el("span", { class: "level__certainty", "data-certainty": told(alert).certainty }, certaintyWord(alert)),
  );
}

/** What else has to be known of the situation at once. */
export function marks(alert) {
  return [
    alert.handling === "closed" && alert.standing && el("span", { class: "mark mark--still" }, `Closed, still ${alert.standing.where}`),
    alert.kind !== "notice" && alert.is_over && alert.over_at && el("span", { class: "mark" }, `Over since ${exact(alert.over_at)}`),
    alert.is_after_order && el("span", { class: "mark" }, "After the order"),
    alert.is_late && el("span", { class: "mark mark--late" }, "Found in late data"),
  ].filter(Boolean);
}

/** @returns {string} whom the alert names first: of a message the one who wrote it */
export function whoName(alert) {
  return alert.protected_person?.name ?? alert.wearer.name;
}

/** Where: said in full, since "at Home" would read as the home of the person on probation. Or which tag. */
export function place(alert) {
  if (alert.place) return ["Protected place: ", el("b", {}, alert.place.name)];
  if (alert.protected_person) return ["Protected from: ", el("b", {}, alert.wearer.name)];
  return alert.tag ? ["Tag: ", el("b", {}, alert.tag)] : "";
}

/** How near and how fast, in words; of what is over, how near it was. */
export function nearness(alert) {
  const isWithdrawn = alert.certainty === "withdrawn";
  if (!hasLevel(alert) && alert.kind !== "cannot_judge") {
    // Of a silence: where they were last, and could be by now. Of one that ended the first says from when to when.
    const more = alert.kind === "silence" ? (alert.is_over ? [] : alert.reasons.slice(1)) : alert.reasons.slice(1).slice(-1);
    const newest = more.join(" ");
    return [el("span", { class: "near__far" }, saidWords(alert)), newest && el("span", { class: "near__more" }, newest)];
  }
  if (alert.is_over || isWithdrawn) {
    const was = alert.kind === "cannot_judge" ? "Fixes are judged again" : wasWords(alert);
    return [el("span", { class: "near__far" }, isWithdrawn ? "Most likely a GPS error" : was)];
  }
  const more = [alert.kind === "cannot_judge" && "Treat the place as not watched", howFast(alert), timeToEdge(alert)].filter(Boolean);
  return [
    el("span", { class: "near__far" }, howFar(alert)),
    more.length > 0 && el("span", { class: "near__more" }, more.join(", ")),
  ];
}

/** How old the newest fix is, or what else it is about; an old fix is said to be old. */
export function lastFix(alert, accuracy_m = null) {
  if (!hasLevel(alert) && alert.kind !== "cannot_judge") {
    const newest = config.kinds[alert.kind]?.newest ?? "Since";
    const at = newest === "Since" ? alert.raised_at : alert.last_fix_time;
    return [el("span", { class: "fix__ago" }, `${newest} `, ticking(at)), " at ", exactly(at)];
  }
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

/** @returns {{text: string, kind: "none"|"me"|"other"|"closed"}} who acts */
export function whoActs(alert) {
  if (alert.handling === "closed") {
    return { kind: "closed", text: alert.outcome ? `Closed by ${alert.outcome.by.name} at ${exact(alert.outcome.at)}` : "Closed" };
  }
  if (alert.handling === "open") return { kind: "none", text: alert.needs_answer ? "No one has acknowledged" : "Needs no answer" };
  const { by, at } = alert.acknowledgement;
  return by.id === config.me.id
    ? { kind: "me", text: `You are acting since ${exact(at)}` }
    : { kind: "other", text: `${by.name} is acting since ${exact(at)}` };
}

/** What is known of the alerts, and up to which cursor. Only what came over HTTP gets in here. */

import { config } from "./config.js";

/** The groups of the list, in its order, as the server has them. */
export const GROUPS = ["unanswered", "acknowledged", "no_answer_needed", "closed"];
const OF_HANDLING = { open: "no_answer_needed", acknowledged: "acknowledged", closed: "closed" };
const LEVEL = { breach: 2, buffer: 1, clear: 0 };
// Of one level, the order of the kinds as the server has it.
const orderOf = (alert) => config.kinds[alert.kind]?.order ?? FAR;
const SURE = { confirmed: 0, unconfirmed: 1, withdrawn: 2 };
const FAR = 8.64e15;

/** @returns {string} the group in which an alert is listed and counted */
export function groupOf(alert) {
  return alert.needs_answer ? "unanswered" : OF_HANDLING[alert.handling];
}

/** The server's own order: group, standing, not withdrawn, level, messages and tags first, certainty, newest fix. */
function graver(a, b) {
  return (
    GROUPS.indexOf(groupOf(a)) - GROUPS.indexOf(groupOf(b)) ||
    a.is_over - b.is_over ||
    (a.certainty === "withdrawn") - (b.certainty === "withdrawn") ||
    LEVEL[b.level] - LEVEL[a.level] ||
    orderOf(a) - orderOf(b) ||
    SURE[a.certainty] - SURE[b.certainty] ||
    // Of silent tags the one whose wearer may be at a protected place first.
    (Date.parse(a.possible_from) || FAR) - (Date.parse(b.possible_from) || FAR) ||
    Date.parse(b.last_fix_time) - Date.parse(a.last_fix_time)
  );
}

/** Emits `change` with `detail.changes`, a list of `{before, after}`. */
class Store extends EventTarget {
  #alerts = new Map();

  /** @type {number|null} the feed's newest cursor whose alerts are all in here */
  cursor = null;

  /** @type {{unanswered: number, acknowledged: number, no_answer_needed: number, closed: number}|null} of the whole list, however much of it is here */
  counts = null;

  /** @type {string|null} the life of the database that the cursor is of */
  epoch = null;

  /** Take a complete list of the live alerts. */
  replace(alerts, cursor, epoch) {
    // After a restore from backup the same numbers are other alerts.
    if (this.epoch !== null && epoch !== this.epoch) this.forget();
    if (this.cursor !== null && cursor < this.cursor) this.forget();
    this.epoch = epoch;
    const ids = new Set(alerts.map((alert) => alert.id));
    for (const alert of this.live()) if (!ids.has(alert.id)) this.#alerts.delete(alert.id);
    this.#take(alerts, cursor);
  }

  /** Forget everything: what is held is of a record that is gone. */
  forget() {
    this.#alerts.clear();
    this.cursor = null;
    this.epoch = null;
  }

  /** Take what changed after the cursor. */
  merge(alerts, cursor) {
    this.#take(alerts, cursor);
  }

  /** Take one alert, as an answer to something that was done to it. */
  put(alert) {
    const before = this.#alerts.get(alert.id);
    if (before && before.cursor > alert.cursor) return;
    this.#alerts.set(alert.id, alert);
    this.dispatchEvent(new CustomEvent("change", { detail: { changes: [], isFirst: false } }));
  }

  get(id) {
    return this.#alerts.get(id);
  }

  /** @returns {object[]} open and acknowledged alerts, and those closed while they stand, gravest first */
  live() {
    return [...this.#alerts.values()].filter((alert) => alert.handling !== "closed" || alert.standing).sort(graver);
  }

  /** @returns {object[]} */
  unanswered() {
    return this.live().filter((alert) => alert.needs_answer);
  }

  /** @returns {number} how many alerts no one has acknowledged, those that are not shown here too */
  unansweredCount() {
    return Math.max(this.counts?.unanswered ?? 0, this.unanswered().length);
  }

  #take(alerts, cursor) {
    const isFirst = this.cursor === null;
    const changes = [];
    for (const after of alerts) {
      const before = this.#alerts.get(after.id);
      // Answers can overtake each other: the newer state of an alert stays, and so does one that was put.
      if (before && before.cursor >= after.cursor) continue;
      this.#alerts.set(after.id, after);
      changes.push({ before, after });
    }
    this.cursor = Math.max(this.cursor ?? 0, cursor);
    this.dispatchEvent(new CustomEvent("change", { detail: { changes, isFirst } }));
  }
}

export const store = new Store();

/** What the page was given by the server: who is signed in, tiles, outcomes. Read once. */

/**
 * @typedef {Object} Config
 * @property {{id: number, name: string}} me
 * @property {string} role
 * @property {string} push_key what this browser subscribes to pushes with
 * @property {string} tile_url
 * @property {string} tile_attribution
 * @property {{map: string[], socket: string}} libraries addresses of what is loaded when it is needed
 * @property {number} outcome_due_after_s without an outcome by then an acknowledged alert is open again
 * @property {{code: string, text: string, kinds: string[]}[]} outcomes each with the kinds of alerts that it is offered for
 * @property {Object<string, {has_level: boolean, sure: string, is_latched: boolean, look: string, order: number, sound: string, began: string, newest: string, timeline: string}>} kinds what is made of each kind of alert: backend/alert_kinds.py
 */

/** @type {Config} */
export const config = JSON.parse(document.getElementById("config").textContent);

export const csrfToken = document.querySelector('meta[name="csrf-token"]').content;

/** @returns {boolean} whether level, certainty and distance say how grave the alert is */
export function hasLevel(alert) {
  return config.kinds[alert.kind]?.has_level ?? false;
}

/** @param {string} code @returns {string} the outcome in words */
export function outcomeText(code) {
  return config.outcomes.find((outcome) => outcome.code === code)?.text ?? code;
}

/** The words for an alert; a number and its unit stay on one line (\u00a0). "Monitoring" is what we do; nothing here promises that help is coming. */

const METRES = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const KILOMETRES = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 1 });
const SPEED = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const STILL_MPS = 0.2;

/** @param {number} metres */
export function length(metres) {
  const size = Math.abs(metres);
  return size < 1000 ? `${METRES.format(size)}\u00a0m` : `${KILOMETRES.format(size / 1000)}\u00a0km`;
}

/** @returns {"breach"|"near"|"cannot"} what kind of danger is shown */
export function lookOf(alert) {
  if (alert.kind === "cannot_judge") return "cannot";
  return alert.level === "breach" ? "breach" : "near";
}

/** @returns {string} the level in the words that officers read first */
export function levelWord(alert) {
  if (alert.kind === "notice") return "Notice of a case";
  if (alert.kind === "repeated_passes") return "Repeated passages";
  return { breach: "Breach", near: "Near zone", cannot: "Cannot judge" }[lookOf(alert)];
}

/** @returns {string} empty where there is no judgement to be sure of */
export function certaintyWord(alert) {
  if (["cannot_judge", "notice"].includes(alert.kind)) return "";
  return { unconfirmed: "Unconfirmed", confirmed: "Confirmed", withdrawn: "Withdrawn" }[alert.certainty];
}

/** @returns {string} one sentence about how sure it is */
export function certaintySentence(alert) {
  if (alert.kind === "notice") return "Nothing was judged: this is about the case, not about where anybody is.";
  if (alert.kind === "cannot_judge") return "Fixes arrive but could not be judged. Treat the place as not watched.";
  if (alert.is_pass_through && alert.certainty !== "withdrawn") {
    return "Steady vehicle speed on a straight line: looks like a passage. Told one step less surely, and counted.";
  }
  return {
    unconfirmed: "Not yet certain: one GPS error could look like this. Being checked with every new fix.",
    confirmed: "Several sound fixes agree: a GPS error is unlikely.",
    withdrawn: "Later fixes do not bear it out: this was most likely a GPS error.",
  }[alert.certainty];
}

/** The order of danger, as the server has it; 0 is none. */
export function danger(alert) {
  if (alert.is_over || alert.certainty === "withdrawn") return 0;
  if (alert.kind === "cannot_judge") return 3;
  const base = { clear: 0, buffer: 1, breach: 3 }[alert.level];
  return base && alert.certainty === "confirmed" ? base + 1 : base;
}

function pace(mps) {
  if (mps < 0.8) return "slow";
  if (mps < 2.2) return "walking";
  if (mps < 4) return "running";
  if (mps < 8) return "cycling";
  return "vehicle";
}

/** @returns {string} how far from the edge, such as "120 m inside the zone" */
export function howFar(alert) {
  if (alert.kind === "cannot_judge") return "Nobody knows how near";
  if (alert.distance_m === null) return "Distance not known";
  // The first of the reasons at a place that moves: how far the two are apart, and how sure that is.
  if (alert.zone_kind === "moving") return alert.reasons[0];
  const keepsIn = ["inclusion", "restriction"].includes(alert.zone_kind);
  if (alert.distance_m > 0) return `${length(alert.distance_m)} from the edge`;
  return keepsIn ? `${length(alert.distance_m)} outside the zone` : `${length(alert.distance_m)} inside the zone`;
}

/** @returns {string} which way and how fast, or "" when it is not known */
export function howFast(alert) {
  const closing = alert.closing_mps;
  if (closing === null || alert.kind === "cannot_judge") return "";
  const size = Math.abs(closing);
  if (size < STILL_MPS) return "not moving nearer or away";
  const speed = `${SPEED.format(size)}\u00a0m/s (${pace(size)})`;
  if (closing < 0) return alert.distance_m <= 0 ? `moving towards the edge at ${speed}` : `moving away at ${speed}`;
  return alert.distance_m <= 0 ? `going further in at ${speed}` : `closing at ${speed}`;
}

/** @returns {string} time to the edge, or "" */
export function timeToEdge(alert) {
  const seconds = alert.time_to_edge_s;
  if (seconds === null || alert.is_over || alert.distance_m === null || alert.distance_m <= 0) return "";
  if (seconds < 60) return `about ${Math.max(5, Math.round(seconds / 5) * 5)}\u00a0s to the edge`;
  return `about ${Math.round(seconds / 60)}\u00a0min to the edge`;
}

/** @returns {string} one line for a card and for a screen reader */
export function summary(alert) {
  const level = alert.kind === "cannot_judge" ? "Cannot judge" : `${levelWord(alert)}, ${certaintyWord(alert).toLowerCase()}`;
  return `${level}: ${alert.wearer.name}, protected place ${alert.place.name}`;
}

const ACTIONS = {
  alert_raised: () => "Raised",
  danger_rose: () => "Danger rose",
  danger_fell: () => "Danger fell",
  alert_withdrawn: () => "Withdrawn: later fixes do not bear it out",
  alert_over: () => "Over: the person is clear of the place",
  acknowledged: (by) => `Acknowledged by ${by}`,
  answered_too_late: (by) => `${by} answered a message of less danger: not acknowledged`,
  handed_back: (by) => `Handed back by ${by}`,
  acknowledgement_lapsed: () => "Acknowledgement lapsed: its owner is signed out",
  outcome_overdue: () => "No outcome was recorded in time: open again",
  cannot: (by) => `${by} cannot act: the next people are told`,
  no_live_route: () => "A person who should be warned has no live route",
  victim_not_warned: () => "The protected person could not be warned by text",
  victim_not_told: () => "The protected person could not be told that it is over",
  news_undelivered: () => "A colleague could not be told news of it",
  nobody_reachable: () => "Nobody could be reached",
  ladder_repaired: () => "It had stopped escalating and was set going again",
  told_again: () => "Cordon was restored from a backup: people are told again",
  handed_to_police: (by, step) =>
    step.handover ? `Handed to ${step.handover.force} by ${by}, reference ${step.handover.reference}` : `Handed to the police by ${by}`,
  closed: (by) => `Outcome recorded by ${by}`,
};

/** @returns {string} one step of the history in words */
export function stepWord(step) {
  const known = ACTIONS[step.action];
  return known ? known(step.by, step) : `${step.action.replaceAll("_", " ")} (${step.by})`;
}

/**
 * Say why an alert that was answered needs an answer again.
 * @param {{at: string, action: string, by: string}[]} history
 * @returns {{text: string, at: string}|null}
 */
export function whyOpenAgain(history) {
  const last = history.findLastIndex((step) => step.action === "acknowledged");
  if (last < 0) return null;
  const by = history[last].by;
  const reasons = {
    danger_rose: `Danger rose after ${by} acknowledged. It needs an answer again.`,
    handed_back: `${by} acknowledged and it was handed back. It needs an answer again.`,
    acknowledgement_lapsed: `${by} acknowledged but is signed out now. It needs an answer again.`,
    outcome_overdue: `${by} acknowledged but recorded no outcome in time. It needs an answer again.`,
  };
  const next = history.slice(last + 1).findLast((step) => step.action in reasons);
  return next ? { text: reasons[next.action], at: next.at } : null;
}

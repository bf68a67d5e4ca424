/** The words for an alert; a number and its unit stay on one line (\u00a0). "Monitoring" is what we do; nothing here promises that help is coming. */

import { config, hasLevel } from "./config.js";
import { shortly } from "./time.js";

const METRES = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const KILOMETRES = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 1 });
const SPEED = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const STILL_MPS = 0.2;
const MPH_PER_MPS = 2.23694;

/** @param {number} metres */
export function length(metres) {
  const size = Math.abs(metres);
  return size < 1000 ? `${METRES.format(size)}\u00a0m` : `${KILOMETRES.format(size / 1000)}\u00a0km`;
}

const WHERE = { breach: "in the zone", near: "near the zone", away: "outside the zone", moving: "within the distance" };

/** @returns {{level: string, certainty: string}} what is reported first: how it stands or, once it is over, its worst */
export function told(alert) {
  return alert.is_over && alert.worst ? alert.worst : alert;
}

/** @returns {"breach"|"near"|"cannot"|"notice"|"tag"|"help"} what kind of danger is shown */
export function lookOf(alert) {
  return config.kinds[alert.kind]?.look || (told(alert).level === "breach" ? "breach" : "near");
}

/** @returns {boolean} whether it is over and still someone's to look at: drawn as what it was, never as "clear" */
export function hasEndedUnanswered(alert) {
  return alert.is_over && alert.needs_answer;
}

/** @returns {string} the level, or what else it is, in the words that officers read first */
export function levelWord(alert) {
  if (alert.kind === "silence" && alert.is_over) return `${alert.title}: back`;
  return alert.title ?? { breach: "Breach", near: "Near zone" }[lookOf(alert)];
}

/** @returns {string} empty where there is no judgement to be sure of */
export function certaintyWord(alert) {
  if (!hasLevel(alert)) return "";
  return { unconfirmed: "Unconfirmed", confirmed: "Confirmed", withdrawn: "Withdrawn" }[told(alert).certainty];
}

/** @returns {string} one sentence about how sure it is */
export function certaintySentence(alert) {
  if (!hasLevel(alert)) return config.kinds[alert.kind]?.sure ?? "";
  if (alert.is_pass_through && alert.certainty !== "withdrawn") {
    return "Steady vehicle speed on a straight line: looks like a passage. Told one step less surely, and counted.";
  }
  return {
    unconfirmed: "Not yet certain: one GPS error could look like this. Being checked with every new fix.",
    confirmed: "Several sound fixes agree: a GPS error is unlikely.",
    withdrawn: "Later fixes do not bear it out: this was most likely a GPS error.",
  }[told(alert).certainty];
}

/**
 * The worst of an alert that is over, as an officer needs it who sees it for the first time:
 * "Was in the zone 05:57 to 05:59, 161 m deep, confirmed. Out now. Not answered."
 */
export function wasWords(alert) {
  const { worst } = alert;
  const isBreach = worst?.level === "breach";
  const keepsIn = ["inclusion", "restriction"].includes(alert.zone_kind);
  const where = !isBreach ? WHERE.near : keepsIn ? WHERE.away : alert.zone_kind === "moving" ? WHERE.moving : WHERE.breach;
  const said = [];
  if (worst) {
    const from = shortly(worst.from_at);
    const until = shortly(worst.until_at);
    // No fix was inside: the wearer may have passed between two fixes.
    const isFeared = isBreach && worst.certainty === "unconfirmed" && !(worst.distance_m < 0);
    said.push(`${isFeared ? "May have been" : "Was"} ${where} ${from === until ? `at ${from}` : `${from} to ${until}`}`);
    if (worst.distance_m !== null) said.push(depth(worst, isBreach, keepsIn));
    said.push(worst.certainty);
  }
  const left = keepsIn ? "Back now." : isBreach ? "Out now." : "Away now.";
  const now = worst?.has_left ? left : "Not watched any more: where they are now is not known.";
  const end = alert.is_late ? "Found in late data." : now;
  return [said.length && `${said.filter(Boolean).join(", ")}.`, end, alert.needs_answer && "Not answered."].filter(Boolean).join(" ");
}

function depth(worst, isBreach, keepsIn) {
  const size = length(worst.distance_m);
  if (isBreach && worst.distance_m < 0) return keepsIn ? `up to ${size} away` : `${size} deep`;
  return `${size} from the edge at the nearest`;
}

/** @returns {string} what an alert that is about no distance says of itself, the newest last */
export function saidWords(alert) {
  // Of messages the newest counts; after it stands whether it was answered.
  return alert.reasons.at(alert.kind === "help" ? -2 : 0) ?? "";
}

/** The order of danger, as the server has it; 0 is none. */
export function danger(alert) {
  return alert.is_over || alert.certainty === "withdrawn" ? 0 : alert.danger;
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
  if (alert.kind === "cannot_judge") return "Not known how near";
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
  const speed = `${SPEED.format(size * MPH_PER_MPS)}\u00a0mph (${pace(size)})`;
  if (alert.distance_m > 0) return closing < 0 ? `moving away at ${speed}` : `closing at ${speed}`;
  if (["inclusion", "restriction"].includes(alert.zone_kind)) return closing < 0 ? `coming back at ${speed}` : `going further away at ${speed}`;
  return closing < 0 ? `moving towards the edge at ${speed}` : `going further in at ${speed}`;
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
  const sure = certaintyWord(alert).toLowerCase();
  const from = alert.protected_person && `, from ${alert.protected_person.name}`;
  const about = alert.place ? `, protected place ${alert.place.name}` : alert.tag ? `, tag ${alert.tag}` : (from ?? "");
  const more = !hasLevel(alert) ? `. ${saidWords(alert)}` : hasEndedUnanswered(alert) ? `. ${wasWords(alert)}` : "";
  return `${levelWord(alert)}${sure && `, ${sure}`}: ${alert.wearer.name}${about}${more}`;
}

const WHOSE = { protected: "the protected person", wearer: "the person on probation", colleague: "the colleague who acts", police: "the police control room" };
const DANGERS = ["none", "near the zone, unconfirmed", "near the zone", "breach, unconfirmed", "breach, confirmed"];

/** @returns {string} to which danger a step brought an alert; empty where it is not known */
function dangerWord(step) {
  return DANGERS[step.danger] ?? "";
}

const ACTIONS = {
  alert_raised: (by, step, isOfLevel, began) => (isOfLevel && dangerWord(step) ? `${began}: ${dangerWord(step)}` : began),
  danger_rose: (by, step, isOfLevel) => (isOfLevel ? ["Danger rose", dangerWord(step)].filter(Boolean).join(" to ") : "It happened again: people are notified again"),
  danger_fell: (by, step) => ["Danger fell", dangerWord(step)].filter(Boolean).join(" to "),
  alert_withdrawn: () => "Withdrawn: later fixes do not bear it out",
  alert_over: () => "Over",
  alert_shortened: () => "Moved or shortened, now that more is known",
  alert_extended: () => "Fixes that arrived late show that it lasted longer",
  acknowledged: (by, step, isOfLevel) => `Acknowledged by ${by}${isOfLevel && step.danger ? `: ${dangerWord(step)}` : ""}`,
  answered_too_late: (by) => `${by} answered a message of less danger: not acknowledged`,
  handed_back: (by) => `Handed back by ${by}`,
  acknowledgement_lapsed: () => "Acknowledgement lapsed: its owner is signed out",
  outcome_overdue: () => "No outcome was recorded in time: open again",
  cannot: (by) => `${by} cannot act: the next responders are notified`,
  no_live_route: () => "A person who should be warned has no live route",
  victim_not_warned: () => "The protected person could not be warned by text",
  victim_not_told: () => "The protected person could not be told that it is over",
  news_undelivered: () => "A colleague could not be told news of it",
  no_one_reachable: () => "No one could be reached",
  escalation_repaired: () => "It had stopped escalating and was set going again",
  told_again: () => "Cordon was restored from a backup: people are notified again",
  handed_to_police: (by, step) =>
    step.handover ? `Handed to ${step.handover.force} by ${by}, reference ${step.handover.reference}` : `Handed to the police by ${by}`,
  handed_to: (by, step) => `${by} handed it to ${step.colleague ?? "a colleague"}, who is called now`,
  taken_over: (by, step) => `${by} took it over${step.colleague ? ` from ${step.colleague}` : ""}`,
  noted: (by, step) => `${by} wrote: ${step.note ?? ""}`,
  police_code_made: (by) => `${by} made a code for the police`,
  police_codes_ended: (by) => `${by} ended the code for the police`,
  police_page_opened: () => "The police opened this alert with the code",
  number_shown: (by, step) => `${by} looked up the number of ${WHOSE[step.whose] ?? "a person"}`,
  strap_closed: () => "The tag reported its strap closed",
  case_closed: () => "The tag reported its case closed",
  jamming_ended: () => "The tag reported that the jamming ended",
  started: () => "The tag was switched on again",
  notice_raised: (by, step, isOfLevel, began) => began,
  victim_wrote: () => "The protected person wrote",
  rang_again: () => "They wrote again: people are notified again",
  victim_not_answered: () => "The answer by text did not go out: call",
  answered_by_text: () => "Answered by text in the words agreed for it",
  closed: (by, step) => (step.by_id === null ? "Closed by Cordon" : `Outcome recorded by ${by}`),
};

/** @returns {string} one step of the history of an alert in words */
export function stepWord(step, alert) {
  const known = ACTIONS[step.action];
  const began = config.kinds[alert.kind]?.timeline ?? "Raised";
  return known ? known(step.by, step, hasLevel(alert), began) : `${step.action.replaceAll("_", " ")} (${step.by})`;
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
    handed_to: `${by} acknowledged and it was handed to a colleague. It needs their answer.`,
    handed_back: `${by} acknowledged and it was handed back. It needs an answer again.`,
    acknowledgement_lapsed: `${by} acknowledged but is signed out now. It needs an answer again.`,
    outcome_overdue: `${by} acknowledged but recorded no outcome in time. It needs an answer again.`,
  };
  const next = history.slice(last + 1).findLast((step) => step.action in reasons);
  return next ? { text: reasons[next.action], at: next.at } : null;
}

/**
 * When a person said that they cannot act, unless something has asked them again since.
 * @param {{at: string, action: string, by_id: number|null}[]} history
 * @param {number} id of the person
 * @returns {string|null}
 */
export function passedOnAt(history, id) {
  const asksAgain = ["danger_rose", "rang_again", "handed_back", "handed_to", "acknowledgement_lapsed", "outcome_overdue", "told_again"];
  const last = history.findLastIndex((step) => step.by_id === id && ["cannot", "acknowledged"].includes(step.action));
  if (last < 0 || history[last].action !== "cannot") return null;
  return history.slice(last + 1).some((step) => asksAgain.includes(step.action)) ? null : history[last].at;
}

/** What is recorded of the case and has to be known at the alert: who is protected, the risk, the order, the plan. */

import { el } from "./dom.js";
import { birthday, day } from "./time.js";

/** @param {object} alert with its `case` @returns {Array} what the panel holds */
export function casePanel(alert) {
  const known = alert.case;
  // A cut strap or a call for help is about no zone: what the orders say stands in the case, with every condition.
  const noWording = alert.zone ? "Its wording is not recorded" : el("a", { href: `/cases/${alert.wearer.id}` }, "Read the orders in the case");
  const row = (name, key, ...value) => el("div", { class: "facts__row", "data-known": key }, el("dt", {}, name), el("dd", {}, value));
  return [
    el("h2", { class: "panel__title" }, "The case"),
    el(
      "dl",
      { class: "facts" },
      (known.crn || known.date_of_birth) && row("Person on probation", "identity", [known.crn && `CRN ${known.crn}`, known.date_of_birth && `born ${birthday(known.date_of_birth)}`].filter(Boolean).join(", ")),
      row("Protected", "protected", known.protected.join(", ") || "No protected person is recorded"),
      row("Risk of serious harm", "risk", known.risk || "Not assessed", known.risk_from && el("span", { class: "soft" }, ` since ${day(known.risk_from)}`)),
      row("The order says", "wording", known.wording ? `“${known.wording}”` : noWording, known.wording_from && el("span", { class: "soft" }, ` ${known.wording_from}`)),
      row("Safety plan", "plan", el("span", { class: "facts__text" }, known.safety_plan || "None is recorded"), known.safety_plan_from && el("span", { class: "soft" }, ` since ${day(known.safety_plan_from)}`)),
    ),
    el("p", { class: "panel__more" }, el("a", { href: `/cases/${alert.wearer.id}/safety-plan` }, known.safety_plan ? "Change the safety plan" : "Write the safety plan")),
  ];
}

/** Who was told of an alert, in plain words: person by person, before the acknowledgement and after it. */

import { el } from "./dom.js";
import { exact } from "./time.js";

const CHANNELS = { websocket: "Open page", push: "Push", sms: "Text", voice: "Phone call" };
const WHAT = {
  alert: "",
  escalation: "again, because no one had acknowledged",
  withdrawn: "that it is withdrawn",
  answered: "that a colleague has acknowledged",
  victim_breach: "in their own words",
  victim_over: "that it is over, in their own words",
  victim_ending: "that protection ends, in their own words",
  victim_help: "that the message has arrived, in their own words",
  victim_not_warned: "that the protected person could not be warned",
  victim_not_told: "that the protected person could not be told that it is over",
  news_undelivered: "that a colleague could not be told",
  notice: "",
  test: "a test",
  correction: "that it was an error",
};

function howFar({ channel, state, due_at, sent_at, delivered_at, displayed_at }) {
  if (!sent_at && !delivered_at && !displayed_at) {
    return state === "failed" ? `could not be sent (due ${exact(due_at)})` : `not sent yet, due ${exact(due_at)}`;
  }
  const isCall = channel === "voice";
  const said = [
    sent_at && `${isCall ? "placed" : "sent"} ${exact(sent_at)}`,
    delivered_at && `${isCall ? "answered" : "delivered"} ${exact(delivered_at)}`,
    displayed_at && `displayed ${exact(displayed_at)}`,
    state === "failed" && (isCall ? "not answered" : "it did not arrive"),
  ];
  return said.filter(Boolean).join(", ");
}

function people(told) {
  const found = new Map();
  for (const one of told) {
    const key = `${one.role}/${one.name}`;
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(one);
  }
  return [...found.values()].map((messages) =>
    el(
      "li",
      { class: "told__person", "data-told": messages[0].name },
      el("p", {}, el("b", {}, messages[0].name), el("span", { class: "soft" }, `, ${messages[0].role}`)),
      el(
        "ul",
        { class: "told__messages" },
        messages.map((one) =>
          el("li", { "data-channel": one.channel }, el("b", {}, CHANNELS[one.channel] ?? one.channel), `${WHAT[one.purpose] ? ` ${WHAT[one.purpose]}` : ""}: ${howFar(one)}`),
        ),
      ),
    ),
  );
}

function group(title, told, none) {
  return [
    el("h3", { class: "told__when" }, title),
    told.length ? el("ul", { class: "told__people", role: "list" }, people(told)) : el("p", { class: "soft" }, none),
  ];
}

/** @param {object[]} told @param {boolean} isAnswered @returns {Array} what the panel holds */
export function toldPanel(told, isAnswered) {
  const after = told.filter((one) => one.is_after_acknowledgement);
  const before = told.filter((one) => !one.is_after_acknowledgement);
  return [
    el("h2", { class: "panel__title" }, "Who was told"),
    group(isAnswered ? "Before it was first acknowledged" : "No one has acknowledged yet", before, "No one."),
    isAnswered && group("After it was first acknowledged", after, "No one."),
  ];
}

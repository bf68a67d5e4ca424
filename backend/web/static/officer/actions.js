/** The bar at thumb reach: one big button for what is pending now. */

import { answers } from "./answer.js";
import { config } from "./config.js";
import { el, fill } from "./dom.js";
import { FORM_ID } from "./outcome.js";
import { whoActs } from "./parts.js";

const BUSY = { acknowledge: "Acknowledging …", cannot: "Passing it on …", hand_back: "Handing back …", outcome: "Recording …" };

function button(text, attributes = {}) {
  return el("button", { type: "button", ...attributes }, text);
}

/** Shows in `root` what can be done about an alert. */
export class Actions {
  #root;
  #isAskingToHandBack = false;
  /** @type {{code: string, note: string}|null} an outcome that would close what still stands */
  #closing = null;
  #shown = "";

  /** @param {HTMLElement} root @param {() => void} showOutcome called by the person who records for another person */
  constructor(root, showOutcome) {
    this.#root = root;
    this.showOutcome = showOutcome;
  }

  /** @param {number|string|null} [passedOn] when this person said that they cannot act */
  render(alert, isOutcomeShown, passedOn = null) {
    const doing = answers.of(alert.id);
    const key = JSON.stringify([alert.handling, alert.danger, alert.acknowledgement, doing, this.#isAskingToHandBack, this.#closing, alert.standing, isOutcomeShown, Boolean(passedOn)]);
    if (key === this.#shown) return;
    this.#shown = key;
    const focused = this.#root.contains(document.activeElement) ? document.activeElement.dataset.do : null;
    this.#root.dataset.handling = alert.handling;
    this.#root.hidden = alert.handling === "closed";
    fill(this.#root, doing?.message && el("p", { class: "bar__problem", role: "alert" }, doing.message), this.#row(alert, doing, isOutcomeShown, passedOn));
    if (focused) (this.#root.querySelector(`[data-do="${focused}"]`) ?? this.#root.querySelector("button"))?.focus();
  }

  #row(alert, doing, isOutcomeShown, passedOn) {
    const isBusy = doing && doing.state !== "failed";
    if (alert.handling === "open" && passedOn && !isBusy) {
      return el(
        "div",
        { class: "bar__ask" },
        el("p", { class: "bar__passed" }, "You passed it on. The next responders are notified."),
        button("I can act after all: acknowledge", { class: "action action--plain", "data-do": "acknowledge", on: { click: () => answers.acknowledge(alert) } }),
      );
    }
    if (alert.handling === "open") {
      return el(
        "div",
        { class: "bar__row" },
        button(isBusy ? BUSY[doing.what] : "Acknowledge", {
          class: "action action--main",
          "data-do": "acknowledge",
          // Not `disabled`: the focus and the reader's place would be lost in the middle of the tap.
          "aria-disabled": isBusy ? "true" : false,
          on: { click: () => answers.acknowledge(alert) },
        }),
        // No one is asked about what needs no answer: there is nothing to pass on.
        !isBusy && alert.needs_answer && button("I cannot", { class: "action action--plain", "data-do": "cannot", on: { click: () => answers.cannot(alert.id) } }),
      );
    }
    if (alert.handling === "closed") return null;
    if (this.#closing && alert.standing && !isBusy) return this.#closeRow(alert, isOutcomeShown);
    const isMine = alert.acknowledgement.by.id === config.me.id;
    const mayHandBack = isMine || config.role === "supervisor";
    if (this.#isAskingToHandBack && mayHandBack && !isBusy) {
      return el(
        "div",
        { class: "bar__ask" },
        el("p", { class: "bar__words" }, "Hand it back? It is open again, and people are warned again."),
        el(
          "div",
          { class: "bar__row" },
          button("Yes, hand back", { class: "action action--danger", "data-do": "hand_back", on: { click: () => this.#handBack(alert) } }),
          button("Keep it", { class: "action action--plain", "data-do": "keep", on: { click: () => this.#ask(alert, false, isOutcomeShown) } }),
        ),
      );
    }
    return el(
      "div",
      { class: "bar__row" },
      isOutcomeShown
        ? el(
            "button",
            { type: "submit", form: FORM_ID, class: "action action--main", "data-do": "outcome", "aria-disabled": isBusy ? "true" : false },
            isBusy ? BUSY[doing.what] : "Record outcome",
          )
        : el("p", { class: "bar__words" }, whoActs(alert).text),
      !isOutcomeShown && button("Add outcome", { class: "action action--plain", "data-do": "show_outcome", on: { click: this.showOutcome } }),
      mayHandBack &&
        !isBusy &&
        button("Hand back", { class: "action action--plain", "data-do": "hand_back", on: { click: () => this.#ask(alert, true, isOutcomeShown) } }),
    );
  }

  #closeRow(alert, isOutcomeShown) {
    const answer = (isClosed) => () => {
      const { code, note } = this.#closing;
      this.#closing = null;
      if (isClosed) answers.recordOutcome(alert.id, code, note, alert.danger);
      else this.render(alert, isOutcomeShown);
    };
    return el(
      "div",
      { class: "bar__ask", role: "group", "aria-label": "Close anyway?" },
      el("p", { class: "bar__words", role: "alert" }, `Still ${alert.standing.words}. Close anyway?`),
      el(
        "div",
        { class: "bar__row" },
        // The safe answer stands where "Record outcome" stood.
        button("Keep it open", { class: "action action--plain", "data-do": "keep_open", on: { click: answer(false) } }),
        button("Close anyway", { class: "action action--danger", "data-do": "close_anyway", on: { click: answer(true) } }),
      ),
    );
  }

  /** Ask whether to close what still stands. */
  askToClose(alert, code, note) {
    this.#closing = { code, note };
    this.render(alert, true);
    this.#root.querySelector("[data-do=keep_open]")?.focus();
  }

  #ask(alert, isAsking, isOutcomeShown) {
    this.#isAskingToHandBack = isAsking;
    this.render(alert, isOutcomeShown);
  }

  #handBack(alert) {
    this.#isAskingToHandBack = false;
    answers.handBack(alert.id);
  }
}

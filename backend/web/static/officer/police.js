/** Handing an alert to the police: ten lines to read out, a form with one field to fill in, and a code for their page. */

import { call } from "./api.js";
import { now } from "./clock.js";
import { el, fill } from "./dom.js";
import { exact, exactly } from "./time.js";

/** @param {Date} at @returns {string} "14:05", as the form's field of a time has it */
function hours(at) {
  return `${String(at.getHours()).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")}`;
}

/** @returns {Date} the newest instant with this time of day that has come, and not before `least` in the same minute */
function instantOf(text, least) {
  const at = new Date(now());
  const [hour, minute] = text.split(":").map(Number);
  at.setHours(hour, minute, 0, 0);
  if (at.getTime() > now()) at.setDate(at.getDate() - 1);
  const isSameMinute = at.getTime() < least && least - at.getTime() < 60_000;
  return isSameMinute ? new Date(least) : at;
}

function field(name, label, hint, attributes) {
  const id = `police-${name}`;
  return el(
    "label",
    { class: "field", for: id },
    el("span", { class: "field__label" }, label),
    hint && el("span", { class: "field__hint", id: `${id}-hint` }, hint),
    el("span", { class: "form__error", id: `${id}-error` }),
    el("input", { id, name, class: "field__input", autocomplete: "off", "aria-describedby": `${hint ? `${id}-hint ` : ""}${id}-error`, ...attributes }),
  );
}

/** Say at the field what is wrong with it; with no words, nothing is. */
function mark(box, words) {
  box.querySelector(".form__error").textContent = words;
  box.querySelector("input").setAttribute("aria-invalid", String(words !== ""));
}

/** @returns {HTMLElement} a link from the errors above the form to the field that each is about */
function linkTo(box, words) {
  const input = box.querySelector("input");
  const go = (event) => {
    event.preventDefault();
    input.focus();
  };
  return el("a", { class: "form__to", href: `#${input.id}`, on: { click: go } }, words);
}

/** The panel of one alert. It stays as it is while the rest of the page changes, so that nothing typed is lost. */
export class PolicePanel {
  #id;
  #isOpen = false;
  #isBusy = false;
  /** The time that the form began with: left alone, it means the moment in which the form is sent. */
  #offered = "";
  #fixTime = 0;
  /** @type {{code: string, until: string, address: string}|null} */
  #code = null;

  /** @param {number} id of the alert @param {() => void} onRecorded called once something was recorded */
  constructor(id, onRecorded) {
    this.#id = id;
    this.onRecorded = onRecorded;
    this.handovers = el("div", { class: "police__done" });
    this.opener = el("button", { type: "button", class: "action action--plain police__open", "aria-expanded": "false", on: { click: () => this.#open() } }, "Hand over to the police");
    this.body = el("div", { class: "police__body", hidden: true });
    this.lines = el("dl", { class: "brief" });
    this.madeAt = el("p", { class: "soft", role: "status" });
    this.problem = el("p", { class: "form__error", role: "alert" });
    this.codeBox = el("div", { class: "police__code", role: "status" });
    this.force = field("force", "Police force", "", { maxlength: 200 });
    this.reference = field("reference", "Their reference", "The number that the control room gives you", { maxlength: 200, autocapitalize: "characters" });
    this.time = field("time", "Time of the handover", "", { type: "time" });
    this.form = el(
      "form",
      { class: "police__form", novalidate: true, on: { submit: (event) => this.#record(event) } },
      this.problem,
      this.reference,
      el("div", { class: "police__rest" }, this.force, this.time),
      el("button", { type: "submit", class: "action action--main" }, "Record the handover"),
    );
    fill(
      this.body,
      el("h3", { class: "panel__sub" }, "Read this to the control room"),
      this.madeAt,
      this.lines,
      el("button", { type: "button", class: "action action--plain", on: { click: () => this.#fetch() } }, "Bring it up to now"),
      el("h3", { class: "panel__sub" }, "Record that they have it"),
      this.form,
      el("h3", { class: "panel__sub" }, "Let them see it"),
      el("p", { class: "soft" }, "Read them a code. It opens this alert and nothing else, on one device, for 60 minutes. Each look is recorded."),
      el("button", { type: "button", class: "action action--plain", on: { click: () => this.#makeCode() } }, "Make a code for the police"),
      this.codeBox,
    );
    this.element = el("section", { class: "panel police", "aria-label": "Police", hidden: true }, el("h2", { class: "panel__title" }, "Police"), this.handovers, this.opener, this.body);
  }

  /** @param {{history: object[], is_drill: boolean, handling: string}} alert */
  update(alert) {
    this.element.hidden = alert.is_drill;
    this.#fixTime = Date.parse(alert.fix_time);
    const done = alert.history.filter((step) => step.handover);
    fill(
      this.handovers,
      done.map(({ by, handover }) => el("p", { "data-handed-over": handover.reference }, el("b", {}, `${handover.force} has it`), `, reference ${handover.reference}, since `, exactly(handover.at), `, by ${by}`)),
    );
    this.opener.firstChild.data = done.length ? "Hand over to another force, or read the brief again" : "Hand over to the police";
  }

  async #open() {
    this.#isOpen = !this.#isOpen;
    this.body.hidden = !this.#isOpen;
    this.opener.setAttribute("aria-expanded", String(this.#isOpen));
    if (!this.#isOpen) return;
    this.#offered = this.time.querySelector("input").value = hours(new Date(now()));
    await this.#fetch();
  }

  async #fetch() {
    try {
      const brief = await call("GET", `/v1/alerts/${this.#id}/police-brief`);
      fill(this.madeAt, "As of ", exactly(brief.at));
      fill(this.lines, brief.lines.map((line) => el("div", { class: "brief__line" }, el("dt", {}, line.about), el("dd", {}, line.text))));
      const force = this.force.querySelector("input");
      if (!force.value) force.value = brief.force;
    } catch (error) {
      fill(this.madeAt, `${error.message} The brief could not be fetched. Try again.`);
    }
  }

  async #record(event) {
    event.preventDefault();
    if (this.#isBusy) return;
    const data = new FormData(this.form);
    const [force, reference] = ["force", "reference"].map((name) => String(data.get(name)).trim());
    const checked = [
      [this.reference, reference ? "" : "Enter the reference that the control room gave you."],
      [this.force, force ? "" : "Enter the police force."],
    ];
    for (const [box, words] of checked) mark(box, words);
    const missing = checked.filter(([, words]) => words);
    if (missing.length) {
      fill(this.problem, missing.map(([box, words]) => linkTo(box, words)));
      missing[0][0].querySelector("input").focus();
      return;
    }
    this.#isBusy = true;
    this.problem.textContent = "";
    const time = String(data.get("time"));
    // Left alone it is now, by the server's own clock.
    const at = !time || time === this.#offered ? null : instantOf(time, this.#fixTime).toISOString();
    try {
      await call("POST", `/v1/alerts/${this.#id}/police-handovers`, { force, reference, at });
      this.form.reset();
      this.#isOpen = true;
      await this.#open();
      this.onRecorded();
      this.opener.focus();
    } catch (error) {
      this.problem.textContent = `${error.message} The handover is not recorded. Try again.`;
    }
    this.#isBusy = false;
  }

  async #makeCode() {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      this.#code = await call("POST", `/v1/alerts/${this.#id}/police-codes`);
      const { code, until, address } = this.#code;
      fill(
        this.codeBox,
        el("p", { class: "police__digits", "data-code": code }, code),
        el("p", {}, "They enter it at ", el("b", {}, address), ` until ${exact(until)}. It is shown here once.`),
        el("button", { type: "button", class: "action action--plain", on: { click: () => this.#endCodes() } }, "End the code now"),
      );
      this.onRecorded();
    } catch (error) {
      fill(this.codeBox, el("p", { class: "form__error" }, `${error.message} No code was made. Try again.`));
    }
    this.#isBusy = false;
  }

  async #endCodes() {
    try {
      await call("DELETE", `/v1/alerts/${this.#id}/police-codes`);
      fill(this.codeBox, el("p", {}, "The code has ended. The police cannot see the alert with it any more."));
      this.onRecorded();
    } catch (error) {
      fill(this.codeBox, el("p", { class: "form__error" }, `${error.message} The code may still work. Try again.`));
    }
  }
}

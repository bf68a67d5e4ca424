/** Whom the officer can call: a number is fetched at a tap, which is recorded, and is forgotten when the page is left. */

import { call } from "./api.js";
import { el, fill } from "./dom.js";

const ROLES = { protected: "Protected person", wearer: "Person on probation", colleague: "Has acknowledged this alert", police: "Police control room" };

/** @param {string} number in E.164 @returns {string} as people read it out */
function spaced(number) {
  const said = number.replace(/^\+44(7\d{3})(\d{6})$/, "+44 $1 $2").replace(/^\+44(20)(\d{4})(\d{4})$/, "+44 $1 $2 $3");
  return said.replaceAll(" ", "\u00a0");
}

/** The panel of one alert's contacts. */
export class ContactsPanel {
  #id;
  /** @type {Map<string, string>} numbers that were shown here */
  #numbers = new Map();
  /** @type {Map<string, string>} what went wrong, by contact */
  #problems = new Map();
  #asking = new Set();
  #contacts = [];
  #shown = "";

  /** @param {number} id of the alert @param {() => void} onShown called once a number was shown */
  constructor(id, onShown) {
    this.#id = id;
    this.onShown = onShown;
    this.element = el("section", { class: "panel contacts", "aria-label": "Call", hidden: true });
  }

  update(contacts) {
    this.#contacts = contacts;
    this.#render();
  }

  leave() {
    this.#numbers.clear();
  }

  #render() {
    const key = JSON.stringify([this.#contacts, [...this.#numbers.keys()], [...this.#problems], [...this.#asking]]);
    if (key === this.#shown) return;
    this.#shown = key;
    const focused = this.element.contains(document.activeElement) ? document.activeElement.closest("[data-contact]")?.dataset.contact : null;
    this.element.hidden = this.#contacts.length === 0;
    fill(
      this.element,
      el("h2", { class: "panel__title" }, "Call"),
      el("ul", { class: "contacts__list", role: "list" }, this.#contacts.map((contact) => this.#row(contact))),
      el("p", { class: "panel__more" }, "Each number that you show is recorded under your name."),
    );
    if (focused) this.element.querySelector(`[data-contact="${focused}"] :is(a, button)`)?.focus();
  }

  #row(contact) {
    const { key, who, name, why_not, note } = contact;
    const number = this.#numbers.get(key);
    const isEmergency = key === "999";
    return el(
      "li",
      { class: "contact", "data-contact": key, "data-who": who },
      el("div", { class: "contact__who" }, el("b", {}, name), el("span", { class: "soft" }, ROLES[who])),
      note && el("p", { class: "contact__note" }, note),
      why_not && el("p", { class: "contact__not" }, why_not),
      this.#problems.has(key) && el("p", { class: "contact__not", role: "alert" }, this.#problems.get(key)),
      !why_not &&
        el(
          "div",
          { class: "contact__do" },
          !isEmergency && (number
            ? el("a", { class: "action contact__call", href: `tel:${number}` }, `Call ${spaced(number)}`)
            : el(
                "button",
                {
                  type: "button",
                  class: "action action--plain contact__show",
                  "aria-disabled": this.#asking.has(key) ? "true" : false,
                  on: { click: () => this.#show(key) },
                },
                this.#asking.has(key) ? "Fetching …" : "Show number",
                el("span", { class: "visually-hidden" }, ` of ${name}, ${ROLES[who]}`),
              )),
          who === "police" && el("a", { class: "action action--plain contact__call", href: "tel:999" }, "Emergency: 999"),
        ),
    );
  }

  async #show(key) {
    if (this.#asking.has(key)) return;
    this.#asking.add(key);
    this.#problems.delete(key);
    this.#render();
    try {
      const { number } = await call("POST", `/v1/alerts/${this.#id}/numbers`, { key });
      this.#numbers.set(key, number);
    } catch (error) {
      this.#problems.set(key, `${error.message} The number is not shown. Try again.`);
    }
    this.#asking.delete(key);
    this.#render();
    if (this.#numbers.has(key)) {
      this.element.querySelector(`[data-contact="${key}"] a`)?.focus();
      this.onShown();
    }
  }
}

/** What colleagues do among themselves about an alert: take it over, hand it to one of them by name, write notes. */

import { call } from "./api.js";
import { config } from "./config.js";
import { el, fill } from "./dom.js";
import { live } from "./live.js";
import { store } from "./store.js";

/** The panel of one alert; a note that is being written stays while the rest of the page changes. */
export class ColleaguesPanel {
  #id;
  #isBusy = false;
  #shown = "";

  /** @param {number} id of the alert @param {() => void} onRecorded called once something was recorded */
  constructor(id, onRecorded) {
    this.#id = id;
    this.onRecorded = onRecorded;
    this.problem = el("p", { class: "form__error", role: "alert" });
    this.doing = el("div", { class: "colleagues__do" });
    this.choice = el("div", { class: "colleagues__choice", hidden: true });
    this.note = el("textarea", { name: "note", rows: 2, maxlength: 4000, class: "note__field", id: "colleagues-note" });
    this.form = el(
      "form",
      { class: "colleagues__note", novalidate: true, on: { submit: (event) => this.#write(event) } },
      el("label", { class: "note", for: "colleagues-note" }, el("span", { class: "note__label" }, "Note for colleagues"), this.note),
      el("button", { type: "submit", class: "action action--plain" }, "Add note"),
    );
    this.element = el("section", { class: "panel colleagues", "aria-label": "Colleagues", hidden: true }, el("h2", { class: "panel__title" }, "Colleagues"), this.problem, this.doing, this.choice, this.form);
  }

  update(alert) {
    this.element.hidden = false;
    const who = alert.handling === "acknowledged" ? alert.acknowledgement.by : null;
    const isMine = who?.id === config.me.id;
    const asks = alert.handling !== "closed" && alert.certainty !== "withdrawn" && alert.kind !== "notice";
    const key = JSON.stringify([alert.handling, who?.id, asks]);
    if (key === this.#shown) return;
    this.#shown = key;
    this.choice.hidden = true;
    const mayHandOn = asks && (!who || isMine || config.role === "supervisor");
    fill(
      this.doing,
      who && !isMine && this.#button(`Take over from ${who.name}`, "take_over", () => this.#do(`/v1/alerts/${this.#id}/take-over`)),
      mayHandOn && this.#button("Hand to a colleague", "hand_to", () => this.#choose()),
    );
  }

  #button(text, name, click) {
    return el("button", { type: "button", class: "action action--plain", "data-do": name, on: { click } }, text);
  }

  async #choose() {
    this.problem.textContent = "";
    try {
      const { colleagues } = await call("GET", `/v1/alerts/${this.#id}/colleagues`);
      fill(
        this.choice,
        colleagues.length
          ? el("p", {}, "They are notified at once by push, text and call. Until they acknowledge, the alert is open; after a minute the others are notified too.")
          : el("p", {}, "There is no colleague who may open this case."),
        colleagues.map((one) => this.#button(`Ring ${one.name}`, `ring_${one.id}`, () => this.#do(`/v1/alerts/${this.#id}/hand-to`, { person_id: one.id }))),
      );
      this.choice.hidden = false;
      this.choice.querySelector("button")?.focus();
    } catch (error) {
      this.problem.textContent = error.message;
    }
  }

  async #do(path, body) {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.problem.textContent = "";
    try {
      store.put(await call("POST", path, body));
      live.refresh();
      this.onRecorded();
    } catch (error) {
      this.problem.textContent = `${error.message} Nothing was changed. Try again.`;
    }
    this.#isBusy = false;
  }

  async #write(event) {
    event.preventDefault();
    const text = this.note.value.trim();
    if (this.#isBusy) return;
    if (!text) {
      this.problem.textContent = "Write the note first.";
      this.note.focus();
      return;
    }
    this.#isBusy = true;
    this.problem.textContent = "";
    try {
      await call("POST", `/v1/alerts/${this.#id}/notes`, { text });
      this.note.value = "";
      this.onRecorded();
    } catch (error) {
      this.problem.textContent = `${error.message} The note is not saved. Try again.`;
    }
    this.#isBusy = false;
  }
}

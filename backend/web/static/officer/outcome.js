/** The form that asks what came of an alert. It stays as it is while the rest of the page changes. */

import { config } from "./config.js";
import { el } from "./dom.js";

export const FORM_ID = "outcome-form";

/**
 * @param {(code: string, note: string) => void} onRecord
 * @returns {HTMLFormElement}
 */
export function outcomeForm(onRecord) {
  const error = el("p", { class: "form__error", id: "outcome-error", role: "alert" });
  const radios = config.outcomes.map(({ code, text }) =>
    el(
      "label",
      { class: "choice" },
      el("input", { type: "radio", name: "outcome", value: code, class: "choice__input" }),
      el("span", { class: "choice__text" }, text),
    ),
  );
  const form = el(
    "form",
    { id: FORM_ID, class: "panel outcome", novalidate: true, hidden: true },
    el(
      "fieldset",
      { class: "choices", "aria-describedby": "outcome-error" },
      el("legend", { class: "panel__title" }, "What came of it?"),
      error,
      radios,
    ),
    el("label", { class: "note" }, "Note (optional)", el("textarea", { name: "note", rows: 2, maxlength: 4000, class: "note__field" })),
  );
  form.addEventListener("change", () => error.replaceChildren());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const data = new FormData(form);
    const code = data.get("outcome");
    if (!code) {
      error.textContent = "Choose what came of it.";
      form.querySelector("input").focus();
      form.scrollIntoView({ block: "start" });
      return;
    }
    onRecord(String(code), String(data.get("note")).trim());
  });
  return form;
}

/** The form that asks what came of an alert. It stays as it is while the rest of the page changes. */

import { config } from "./config.js";
import { el } from "./dom.js";

export const FORM_ID = "outcome-form";

/**
 * @param {(code: string, note: string) => void} onRecord
 * @returns {HTMLFormElement & {fit: (kind: string, why: string) => void}}
 */
export function outcomeForm(onRecord) {
  let needed = "";
  const error = el("p", { class: "form__error", id: "outcome-error", role: "alert" });
  const radios = config.outcomes.map(({ code, text, kinds }) =>
    el(
      "label",
      { class: "choice", "data-kinds": kinds.join(" ") },
      el("input", { type: "radio", name: "outcome", value: code, class: "choice__input" }),
      el("span", { class: "choice__text" }, text),
    ),
  );
  const noteLabel = el("span", { class: "note__label" }, "Note (optional)");
  const noteError = el("span", { class: "form__error", role: "alert" });
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
    el("label", { class: "note" }, noteLabel, noteError, el("textarea", { name: "note", rows: 2, maxlength: 4000, class: "note__field" })),
  );
  form.addEventListener("change", () => error.replaceChildren());
  form.addEventListener("input", () => noteError.replaceChildren());
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
    const note = String(data.get("note")).trim();
    if (!note && needed) {
      noteError.textContent = needed;
      form.querySelector("textarea").focus();
      return;
    }
    onRecord(String(code), note);
  });
  /** Offer what fits an alert of this kind; `why` says why a note is needed, or is empty. */
  form.fit = (kind, why) => {
    needed = why;
    noteLabel.textContent = why ? "Note (needed)" : "Note (optional)";
    for (const choice of radios) choice.hidden = !choice.dataset.kinds.split(" ").includes(kind);
  };
  return form;
}

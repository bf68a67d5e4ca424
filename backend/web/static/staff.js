/** Starts the few behaviours of GOV.UK Frontend that staff pages use, and goes on with what is done in parts or refused. */

import "./strip.js";
import { Button, createAll, ErrorSummary, PasswordInput, SkipLink } from "./vendor/govuk/govuk-frontend.min.js";

for (const component of [Button, ErrorSummary, PasswordInput, SkipLink]) createAll(component);

// A long caseload is opened a part at a time: the next one is asked for as soon as the page says how far it has come.
for (const form of document.querySelectorAll("form[data-goes-on]")) form.requestSubmit();

// A page of many forms on which one was refused holds what was typed in it: no one types it twice on a phone at night.
for (const refused of document.querySelectorAll("[data-typed]")) {
  const { action, fields } = JSON.parse(refused.dataset.typed);
  const isMeant = (form) =>
    form.method === "post" &&
    new URL(form.action).pathname === action &&
    Object.keys(fields).every((name) => form.elements.namedItem(name) !== null);
  const form = [...document.forms].find(isMeant);
  for (const field of form?.elements ?? []) {
    const typed = fields[field.name];
    if (field.type === "checkbox" || field.type === "radio") field.checked = typed?.includes(field.value) ?? false;
    else if (typed && field.type !== "hidden" && field.type !== "submit") field.value = typed[0];
  }
  form?.closest("details")?.setAttribute("open", "");
  form?.setAttribute("data-refused", "");
}

// What is wrong is said at its field too, and the summary leads there.
const opened = document.querySelector("form[data-refused]");
for (const link of document.querySelectorAll(".govuk-error-summary a[data-field]")) {
  const named = (opened ? [opened] : [...document.forms]).map((form) => form.elements.namedItem(link.dataset.field)).find(Boolean);
  const input = named instanceof RadioNodeList ? named[0] : named;
  if (!input?.id) continue;
  link.href = `#${input.id}`;
  const group = input.closest(".govuk-form-group");
  if (!group || group.querySelector(".govuk-error-message")) continue;
  const message = document.createElement("p");
  message.className = "govuk-error-message";
  message.id = `${input.id}-error`;
  message.textContent = link.textContent;
  group.classList.add("govuk-form-group--error");
  (input.type === "checkbox" || input.type === "radio" ? group.querySelector("legend, label") : input).before(message);
  input.classList.add("govuk-input--error");
  input.setAttribute("aria-describedby", [input.getAttribute("aria-describedby"), message.id].filter(Boolean).join(" "));
}

// What the live page keeps for a phone without a signal goes when they sign out.
for (const form of document.querySelectorAll('form[action$="/sign-out"]')) {
  form.addEventListener("submit", () => globalThis.caches?.delete("cordon-list"));
}

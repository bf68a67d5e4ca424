/** Starts the few behaviours of GOV.UK Frontend that staff pages use, and goes on with what is done in parts or refused. */

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
}

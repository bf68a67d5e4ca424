/** Starts the few behaviours of GOV.UK Frontend that staff pages use, and goes on with what is done in parts. */

import "./strip.js";
import { Button, createAll, ErrorSummary, PasswordInput, SkipLink } from "./vendor/govuk/govuk-frontend.min.js";

for (const component of [Button, ErrorSummary, PasswordInput, SkipLink]) createAll(component);

// A long caseload is opened a part at a time: the next one is asked for as soon as the page says how far it has come.
for (const form of document.querySelectorAll("form[data-goes-on]")) form.requestSubmit();

// What the live page keeps for a phone without a signal goes when they sign out.
for (const form of document.querySelectorAll('form[action$="/sign-out"]')) {
  form.addEventListener("submit", () => globalThis.caches?.delete("cordon-list"));
}

/** Starts the few behaviours of GOV.UK Frontend that staff pages use. */

import { Button, createAll, ErrorSummary, PasswordInput, SkipLink } from "./vendor/govuk/govuk-frontend.min.js";

for (const component of [Button, ErrorSummary, PasswordInput, SkipLink]) createAll(component);

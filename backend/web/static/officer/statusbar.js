/** The strip that always says whether what is shown is live. */

import { now } from "./clock.js";
import { say } from "./dom.js";
import { live, POLL_EVERY_MS } from "./live.js";
import { ago } from "./time.js";

const strip = document.getElementById("live-state");
const text = strip.querySelector("[data-text]");
const checked = strip.querySelector("[data-checked]");
const spoken = document.getElementById("live-spoken");

const TEXTS = {
  connecting: "connecting",
  live: "live",
  reconnecting: "reconnecting",
  polling: `checking every ${POLL_EVERY_MS / 1000} s (no live connection)`,
  offline: "offline",
};

function render() {
  const state = live.state;
  strip.dataset.state = state;
  say(text, TEXTS[state]);
  const age = live.checkedAt === null ? null : now() - live.checkedAt;
  // A person who reads "every 5 s" needs the time only when it was longer.
  const isSaid = age !== null && (state !== "polling" || age > 1.5 * POLL_EVERY_MS);
  say(checked, isSaid ? `, checked ${ago(age)}` : "");
  // Spoken only when the state changes: the seconds would never let a screen reader rest.
  if (state !== "connecting") say(spoken, `Connection: ${TEXTS[state]}`);
}

export function startStatusBar() {
  live.addEventListener("state", render);
  render();
}

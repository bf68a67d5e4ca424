/** Keeps the last list on this phone, for the page that the service worker shows without a signal. Signing out deletes it. */

import { now } from "./clock.js";
import { live } from "./live.js";
import { whoActs, whoName } from "./parts.js";
import { store } from "./store.js";
import { certaintyWord, howFar, levelWord } from "./words.js";
import { hasLevel } from "./config.js";

const KEPT_IN = "cordon-list";
const KEPT_AS = "/officer/last-list";
const EVERY_MS = 10_000;
const MOST = 50;
let keptAt = 0;

async function keep() {
  if (live.checkedAt === null || Date.now() - keptAt < EVERY_MS) return;
  keptAt = Date.now();
  const alerts = store.live().slice(0, MOST).map((alert) => ({
    id: alert.id,
    code: alert.code,
    what: [levelWord(alert), certaintyWord(alert)].filter(Boolean).join(", "),
    who: whoName(alert),
    near: hasLevel(alert) && !alert.is_over ? howFar(alert) : "",
    acts: whoActs(alert).text,
    isOpen: alert.needs_answer,
  }));
  const list = { at: now(), count: store.unansweredCount(), alerts };
  try {
    await (await caches.open(KEPT_IN)).put(KEPT_AS, Response.json(list));
  } catch {
    // A browser without a place to keep it shows its own page without a signal.
  }
}

export function startKeeping() {
  if (!("caches" in window)) return;
  live.addEventListener("state", keep);
  document.getElementById("sign-out").addEventListener("submit", () => caches.delete(KEPT_IN));
}

/** Tells the server what this phone really showed: only then may other ways of warning wait. */

import { call } from "./api.js";
import { danger } from "./words.js";

const RETRY_MS = [2000, 5000, 15_000];
/** @type {Map<number, {danger: number, handling: string, episode: number, rise: number}>} */
const seen = new Map();
const told = new Set();

/** A name for the present rise of an alert: a new one is due receipts of its own. */
function riseOf(alert) {
  const level = danger(alert);
  const known = seen.get(alert.id);
  const isRisen = known && (level > known.danger || (known.handling !== "open" && alert.handling === "open") || alert.episode > known.episode);
  const rise = (known?.rise ?? 0) + (isRisen ? 1 : 0);
  seen.set(alert.id, { danger: level, handling: alert.handling, episode: alert.episode, rise });
  return `${alert.id}/${alert.raised_at}/${rise}`;
}

async function tell(kind, alert) {
  const key = `${kind}/${riseOf(alert)}`;
  if (told.has(key)) return;
  told.add(key);
  for (const wait of [0, ...RETRY_MS]) {
    if (wait) await new Promise((resolve) => setTimeout(resolve, wait));
    try {
      await call("POST", `/v1/alerts/${alert.id}/receipts`, { kind, channel: "websocket" });
      return;
    } catch (error) {
      if (error.isFinal) return;
    }
  }
  told.delete(key);
}

const byElement = new WeakMap();
const onScreen = new Set();
const observer = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) onScreen.add(entry.target);
      else onScreen.delete(entry.target);
    }
    report();
  },
  { threshold: 0.5 },
);

function report() {
  if (document.visibilityState !== "visible") return;
  for (const element of onScreen) {
    const alert = byElement.get(element);
    if (!element.isConnected) onScreen.delete(element);
    else if (alert && alert.handling !== "closed") tell("displayed", alert);
  }
}

document.addEventListener("visibilitychange", report);

/** Report `alert` as displayed once at least half of `element` is on a visible screen. */
export function watch(element, alert) {
  const isNew = !byElement.has(element);
  byElement.set(element, alert);
  if (isNew) observer.observe(element);
  else requestAnimationFrame(report);
}

/** Stop watching an element that is taken away. */
export function unwatch(element) {
  observer.unobserve(element);
  onScreen.delete(element);
  byElement.delete(element);
}

/** Report that the alert's own page was opened. */
export function opened(alert) {
  if (document.visibilityState === "visible" && alert.handling !== "closed") tell("opened", alert);
}

/**
 * Warnings while the app is closed: turned on and off in the menu, and looked after whenever the app is opened.
 *
 * States: checking, off, asking, on, leaving, lost (was on, and the browser gave it up), refused (the browser forbids
 * notifications), failed (something did not answer), unsupported, uninstalled.
 */

import { call } from "./api.js";
import { config, csrfToken } from "./config.js";
import { say } from "./dom.js";

const SCRIPT = "/officer/sw.js";
const SCOPE = "/officer";
const KEPT_IN = "cordon-push";
const KEPT_AS = "/officer/subscription";
const SIGN_OUT_WAITS_MS = 3000;

const ON = "Warn me on this phone";
const OFF = "Stop warning this phone";
/** @type {Object<string, {button: string, note: string}>} */
const TEXTS = {
  checking: { button: "", note: "Checking whether this phone can be warned …" },
  off: { button: ON, note: "Off. While the app is closed, this phone gets no warning from it." },
  asking: { button: "Turning on …", note: "Allow notifications when the browser asks." },
  leaving: { button: "Turning off …", note: "" },
  on: { button: OFF, note: "On. Warnings come to this phone while the app is closed, without a name or a place." },
  lost: { button: ON, note: "Stopped: the browser gave this phone’s subscription up. Turn it on again." },
  refused: {
    button: "",
    note: "Refused by this browser. In its settings for this site allow notifications, then open this menu again.",
  },
  failed: { button: ON, note: "" },
  unsupported: { button: "", note: "This browser cannot warn you while the app is closed." },
  uninstalled: {
    button: "",
    note: "On an iPhone: tap Share, then Add to Home Screen, and open Cordon from there to be warned.",
  },
};

const BUSY = ["checking", "asking", "leaving"];

const menu = document.querySelector(".menu");
const box = document.getElementById("push");
const button = box.querySelector("button");
const note = document.getElementById("push-note");

/** @type {ServiceWorkerRegistration|null} */
let worker = null;
let state = "checking";

/** @param {string} next @param {{why?: string, isMissed?: boolean}} [more] `isMissed`: someone relies on this phone */
function show(next, { why = "", isMissed = false } = {}) {
  state = next;
  const { button: label, note: text } = TEXTS[next];
  box.dataset.state = next;
  // A button that goes away must not take the keyboard's place on the page with it.
  if (!label && document.activeElement === button) menu.querySelector("summary").focus();
  button.hidden = !label;
  if (label) say(button, label);
  say(note, why || text);
  // A person who relied on this phone must see without opening the menu that it is warned no more.
  menu.toggleAttribute("data-attention", isMissed);
  menu.querySelector("summary").setAttribute("aria-label", isMissed ? "Menu. Warnings to this phone have stopped" : "Menu");
}

/** What this browser was subscribed with, where the service worker finds it too. */
async function kept() {
  const found = await (await caches.open(KEPT_IN)).match(KEPT_AS);
  return found ? found.json() : null;
}

/** @param {number|null} deviceId null once the server sends nothing more to it */
async function keep(deviceId) {
  const known = { person_id: config.me.id, device_id: deviceId, push_key: config.push_key, csrf_token: csrfToken };
  await (await caches.open(KEPT_IN)).put(KEPT_AS, Response.json(known));
}

async function forget() {
  await (await caches.open(KEPT_IN)).delete(KEPT_AS);
}

async function register(subscription) {
  const { endpoint, keys } = subscription.toJSON();
  const device = await call("POST", "/v1/devices", {
    token: endpoint,
    platform: "webpush",
    keys: { p256dh: keys.p256dh, auth: keys.auth },
  });
  await keep(device.id);
}

async function subscribe() {
  const subscription = await worker.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: config.push_key,
  });
  try {
    await register(subscription);
  } catch (error) {
    // Half a subscription would look like a whole one the next time.
    await subscription.unsubscribe();
    throw error;
  }
}

async function unregister(deviceId) {
  if (deviceId === null) return;
  try {
    await call("DELETE", `/v1/devices/${deviceId}`);
  } catch (error) {
    // One that the server has ended already is gone all the same.
    if (error.status !== 404) throw error;
  }
}

/** Turn warnings on; called by a tap, since browsers ask for permission only then. */
async function turnOn() {
  show("asking");
  const permission = await Notification.requestPermission();
  if (permission === "denied") return show("refused");
  if (permission !== "granted") return show("off");
  try {
    await subscribe();
    show("on");
  } catch (error) {
    show("failed", { why: `Not turned on: ${whyNot(error)} Try again.` });
  }
}

async function turnOff() {
  show("leaving");
  try {
    const known = await kept();
    if (known) await unregister(known.device_id);
    await (await worker.pushManager.getSubscription())?.unsubscribe();
    await forget();
    show("off");
  } catch (error) {
    show("on", { why: `Not turned off: ${whyNot(error)} Try again.` });
  }
}

function whyNot(error) {
  if (error.name === "AbortError") return "the browser’s push service did not answer.";
  if (error.name === "NotAllowedError") return "the browser does not allow it.";
  return error.message;
}

/** Find out how things stand, and put right what can be put right without a tap. */
async function check() {
  const known = await kept();
  const subscription = await worker.pushManager.getSubscription();
  const isMine = known?.person_id === config.me.id;
  if (subscription && (!isMine || known.push_key !== config.push_key)) {
    // Another person's, or made with a key that is gone: no one may be warned through it.
    await subscription.unsubscribe();
  } else if (subscription) {
    await register(subscription);
    return show("on");
  }
  if (!isMine) {
    await forget();
    return show(Notification.permission === "denied" ? "refused" : "off");
  }
  return restore(known);
}

/** The browser has given up what it was subscribed with: subscribe again, or say so where everyone sees it. */
async function restore(known) {
  try {
    if (Notification.permission !== "granted") throw new Error("Notifications are not allowed any more.");
    await subscribe();
    show("on");
  } catch {
    show(Notification.permission === "denied" ? "refused" : "lost", { isMissed: true });
  }
  // The old one would still count as a way to reach this person.
  if (state !== "on" || (await kept()).device_id !== known.device_id) await unregister(known.device_id);
  if (state === "lost") await keep(null);
  if (state === "refused") await forget();
}

async function checkAndSay() {
  try {
    await check();
  } catch (error) {
    show("failed", { why: `Not known whether this phone is warned: ${whyNot(error)}` });
  }
}

async function signOut(event) {
  const form = event.target;
  event.preventDefault();
  const leave = async () => {
    const known = await kept();
    form.elements.device_id.value = known?.device_id ?? "";
    await forget();
    await (await worker.pushManager.getSubscription())?.unsubscribe();
  };
  const patience = new Promise((resolve) => setTimeout(resolve, SIGN_OUT_WAITS_MS));
  await Promise.race([leave().catch(() => {}), patience]);
  form.submit();
}

/** @param {(path: string) => void} open goes to an alert that was tapped on the lock screen */
export async function startPush(open) {
  const isPossible = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
  if (!isPossible) {
    const isIPhone = /iPhone|iPad/.test(navigator.userAgent) && !navigator.standalone;
    return show(isIPhone ? "uninstalled" : "unsupported");
  }
  navigator.serviceWorker.addEventListener("message", ({ data }) => data.open && open(data.open));
  try {
    await navigator.serviceWorker.register(SCRIPT, { scope: SCOPE });
    worker = await navigator.serviceWorker.ready;
  } catch (error) {
    return show("failed", { why: `Not known whether this phone is warned: ${error.message}` });
  }
  button.addEventListener("click", () => BUSY.includes(state) || (state === "on" ? turnOff() : turnOn()));
  document.getElementById("sign-out").addEventListener("submit", signOut);
  // Settings of the browser may have changed meanwhile.
  menu.addEventListener("toggle", () => menu.open && !BUSY.includes(state) && checkAndSay());
  await checkAndSay();
}

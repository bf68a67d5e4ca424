/**
 * The service worker: shows a warning while the app is closed, and tells the server what this phone did with it.
 *
 * It keeps no pages: a stale picture of danger would be worse than none.
 */

const HOME = "/officer";
const KEPT_IN = "cordon-push";
const KEPT_AS = "/officer/subscription";
const RETRY_MS = [1000, 3000, 8000];
// What needs no answer may go by itself; that a colleague acts comes without a sound, too.
const NEWS = ["answered", "withdrawn"];
const QUIET = ["answered"];

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

async function tell(kind, receipt) {
  if (!receipt) return;
  for (const wait of [0, ...RETRY_MS]) {
    if (wait) await new Promise((resolve) => setTimeout(resolve, wait));
    try {
      const response = await fetch("/v1/receipts", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ receipt, kind }),
        credentials: "omit",
        signal: AbortSignal.timeout(8000),
      });
      if (response.status < 500 && response.status !== 429) return;
    } catch {
      // No signal just now: it is tried again.
    }
  }
}

function read(data) {
  try {
    return data.json();
  } catch {
    // Browsers demand that each push is shown, even one that cannot be read.
    return { title: "Cordon", body: "Open the app to see what is new." };
  }
}

async function warn(data) {
  const push = read(data);
  const isQuiet = QUIET.includes(push.purpose);
  await self.registration.showNotification(push.title, {
    body: push.body,
    tag: push.alert_id ? `alert-${push.alert_id}` : "cordon",
    renotify: !isQuiet,
    silent: isQuiet,
    requireInteraction: !NEWS.includes(push.purpose),
    data: { path: push.alert_id ? `${HOME}/alerts/${push.alert_id}` : HOME, receipt: push.receipt },
  });
  // Told only now: a receipt lets the text message wait, and a warning that no one could see must not.
  await Promise.all([tell("received", push.receipt), tell("displayed", push.receipt)]);
}

self.addEventListener("push", (event) => event.waitUntil(warn(event.data)));

async function open(path) {
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const apps = windows.filter((client) => new URL(client.url).pathname.startsWith(HOME));
  const app = apps.find((client) => new URL(client.url).pathname === path) ?? apps[0];
  if (!app) return self.clients.openWindow(path);
  // The page goes there by itself: loaded anew it would forget an answer that is not recorded yet.
  app.postMessage({ open: path });
  return app.focus();
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { path, receipt } = event.notification.data;
  event.waitUntil(Promise.all([open(path), tell("opened", receipt)]));
});

async function json(response) {
  if (!response.ok) throw new Error(`The answer was ${response.status}.`);
  return response.json();
}

/** The browser gave its subscription up: make another and say so, with what the page left here for this. */
async function subscribeAgain() {
  const cache = await caches.open(KEPT_IN);
  const kept = await cache.match(KEPT_AS);
  if (!kept) return;
  const known = await kept.json();
  const subscription = await self.registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: known.push_key,
  });
  const { endpoint, keys } = subscription.toJSON();
  const { access_token } = await json(
    await fetch("/officer/token", { method: "POST", headers: { "X-CSRFToken": known.csrf_token } }),
  );
  const headers = { Authorization: `Bearer ${access_token}`, "Content-Type": "application/json" };
  const device = await json(
    await fetch("/v1/devices", {
      method: "POST",
      headers,
      body: JSON.stringify({ token: endpoint, platform: "webpush", keys: { p256dh: keys.p256dh, auth: keys.auth } }),
    }),
  );
  await cache.put(KEPT_AS, Response.json({ ...known, device_id: device.id }));
  if (known.device_id === null || known.device_id === device.id) return;
  await fetch(`/v1/devices/${known.device_id}`, { method: "DELETE", headers });
}

self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(subscribeAgain()));

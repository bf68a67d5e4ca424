/**
 * The service worker: shows a warning while the app is closed, and tells the server what this phone did with it.
 *
 * It keeps no pages: a stale picture of danger would be worse than none. Without a signal it shows the last list that the
 * page kept, with its age in large letters and one button.
 */

const HOME = "/officer";
const KEPT_IN = "cordon-push";
const KEPT_AS = "/officer/subscription";
const RETRY_MS = [1000, 3000, 8000];
// What needs no answer may go by itself; that a colleague acts comes without a sound, too.
const NEWS = ["answered", "withdrawn"];
const QUIET = ["answered"];

const LIST_IN = "cordon-list";
const LIST_AS = "/officer/last-list";
// A slow network is not none: so long the page is waited for.
const PAGE_WITHIN_MS = 20_000;
// What asks for an answer can be acknowledged where it is shown, where the platform has buttons on notifications.
const ASKING = ["alert", "escalation"];

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
    badge: "/officer/badge.png",
    icon: "/officer/icon-192.png",
    actions: ASKING.includes(push.purpose) && push.danger !== undefined ? [{ action: "acknowledge", title: "Acknowledge" }] : [],
    data: { alertId: push.alert_id, danger: push.danger,  path: push.alert_id ? `${HOME}/alerts/${push.alert_id}` : HOME, receipt: push.receipt },
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

/** Ask the API as the person who is signed in in this browser. */
async function ask(method, path) {
  const kept = await (await caches.open(KEPT_IN)).match(KEPT_AS);
  if (!kept) throw new Error("Sign in first.");
  const known = await kept.json();
  const { access_token } = await json(await fetch("/officer/token", { method: "POST", headers: { "X-CSRFToken": known.csrf_token } }));
  return json(await fetch(path, { method, headers: { Authorization: `Bearer ${access_token}` }, signal: AbortSignal.timeout(8000) }));
}

/** Acknowledge from the notification, to the danger that it told of; say at once whether it is recorded. */
async function acknowledge({ path, alertId, danger, receipt }) {
  let body = "Not acknowledged: no answer from Cordon. Tap to open it, and acknowledge there.";
  let isDone = false;
  for (const wait of [0, ...RETRY_MS]) {
    if (wait) await new Promise((resolve) => setTimeout(resolve, wait));
    try {
      const alert = await ask("POST", `/v1/alerts/${alertId}/acknowledgement?danger=${danger}`);
      isDone = alert.handling === "acknowledged";
      body = isDone ? "Acknowledged. Tap to open it and say what came of it." : "Not acknowledged: danger has risen. Tap to open it.";
      break;
    } catch {
      // Tried again; what it says in the end is what is so.
    }
  }
  await self.registration.showNotification("Cordon", { body, tag: `alert-${alertId}`, silent: isDone, requireInteraction: !isDone, badge: "/officer/badge.png", icon: "/officer/icon-192.png", data: { path, receipt } });
  await tell("opened", receipt);
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { path, receipt } = event.notification.data;
  if (event.action === "acknowledge") event.waitUntil(acknowledge(event.notification.data));
  else event.waitUntil(Promise.all([open(path), tell("opened", receipt)]));
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

const PLAIN = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const plain = (text) => String(text).replace(/[&<>"']/g, (sign) => PLAIN[sign]);

function age(ms) {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return "less than a minute";
  if (minutes < 60) return minutes === 1 ? "1 minute" : `${minutes} minutes`;
  const hours = Math.floor(minutes / 60);
  return hours === 1 ? "1 hour" : `${hours} hours`;
}

/** The page without a signal: the last list, how old it is, and one button. It has no script. */
async function withoutSignal(url) {
  const kept = await (await caches.open(LIST_IN)).match(LIST_AS);
  const list = kept ? await kept.json() : null;
  const at = list && new Date(list.at).toLocaleTimeString("en-GB", { timeZone: "Europe/London", hour: "2-digit", minute: "2-digit" });
  const rows = (list?.alerts ?? []).map(
    (one) => `<li class="${one.isOpen ? "open" : ""}"><b>${plain(one.what)}</b> <span>${plain(one.who)}</span> ${one.near ? `<span>${plain(one.near)}</span>` : ""} <small>${plain(one.acts)} · ${plain(one.code)}</small></li>`,
  );
  const said = list
    ? `<p class="age" data-age>This list is ${age(Date.now() - list.at)} old: it is of ${at}.</p><p>${list.count} not acknowledged then. There may be more now, and some may be over.</p><ol>${rows.join("")}</ol>`
    : `<p class="age" data-age>No list is kept on this phone.</p>`;
  const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>No signal – Cordon</title><style>
@media (prefers-color-scheme:light){body.body{background:#f1f4f6;color:#0b0c0c}.body li{background:#fff;border-color:#b4bfc8}.body li.open{border-color:#ab140b}.body small{color:#3f4d58}.body a{background:#0b5c97;color:#fff}}:root{color-scheme:light dark}body{margin:0;padding:16px;background:#0a0e13;color:#f4f7fa;font:400 1.0625rem/1.4 system-ui,sans-serif}h1{font-size:1.5rem}.age{padding:12px 14px;background:#ffbf2e;color:#1c1400;font-weight:700;font-size:1.25rem}a{display:block;padding:18px;border-radius:14px;background:#6cc1ff;color:#04121d;font-weight:700;font-size:1.25rem;text-align:center;text-decoration:none}a:focus-visible{outline:3px solid #fff;outline-offset:2px}ol{list-style:none;margin:16px 0;padding:0;display:grid;gap:10px}li{display:grid;padding:12px 14px;border:2px solid #3a4957;border-radius:14px;background:#141b23}li.open{border-color:#ff6b61}small{color:#b6c2ce;font-size:.9375rem}</style></head>
<body class="body"><main><h1>No signal</h1><p>Cordon does not answer. Warnings by text and call may still reach you.</p><p><a href="${plain(url)}">Try again</a></p>${said}<p>If someone is in danger now, call 999.</p></main></body></html>`;
  return new Response(page, {
    headers: { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'" },
  });
}

async function visit(request) {
  try {
    const late = new Promise((_, refuse) => setTimeout(refuse, PAGE_WITHIN_MS));
    return await Promise.race([fetch(request), late]);
  } catch {
    return withoutSignal(request.url);
  }
}

self.addEventListener("fetch", (event) => {
  if (event.request.mode === "navigate" && event.request.method === "GET") event.respondWith(visit(event.request));
});

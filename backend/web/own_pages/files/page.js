"use strict";

// The way out: the page is covered at once and replaced, so that "back" does not lead here.
const away = document.getElementById("away");
let isLeaving = false;

function leave() {
  if (isLeaving) return;
  isLeaving = true;
  document.body.classList.add("gone");
  document.title = "";
  navigator.sendBeacon?.("/p/close");
  window.location.replace(away.href);
}

away.addEventListener("click", (event) => {
  event.preventDefault();
  leave();
});

// Shift three times, each within five seconds of the first, with no other key between them.
let presses = [];
document.addEventListener("keyup", (event) => {
  if (event.key !== "Shift") {
    presses = [];
    return;
  }
  const now = Date.now();
  presses = [...presses.filter((at) => now - at < 5000), now];
  if (presses.length >= 3) leave();
});

// A page that the browser kept is never shown again as it was.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.replace("/p");
});
window.addEventListener("pagehide", () => document.body.classList.add("gone"));

// Within these pages each step takes the place of the one before it.
for (const link of document.querySelectorAll("a[data-replace]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    window.location.replace(link.href);
  });
}

// The big button says within ten seconds whether it was sent.
for (const form of document.querySelectorAll("form[data-help]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    const said = form.querySelector(".wrong");
    button.disabled = true;
    said.hidden = true;
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        headers: { "X-Quiet": "1" },
        body: new URLSearchParams(),
        cache: "no-store",
        redirect: "error",
        signal: AbortSignal.timeout(9000),
      });
      if (!answer.ok) throw new Error(String(answer.status));
      window.location.replace(form.dataset.sent);
    } catch {
      said.textContent = form.dataset.failed;
      said.hidden = false;
      button.disabled = false;
    }
  });
}

// While this page is open, and only then, the place is shared, where that is asked for.
for (const form of document.querySelectorAll("form[data-share]")) {
  if (!navigator.geolocation) continue;
  form.hidden = false;
  const said = form.querySelector("[role=status]");
  let sharing = null;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (sharing !== null) return;
    sharing = navigator.geolocation.watchPosition(
      async ({ coords, timestamp }) => {
        const place = new URLSearchParams({
          lat: coords.latitude,
          lon: coords.longitude,
          accuracy: coords.accuracy,
          timestamp: Math.round(timestamp),
        });
        try {
          const answer = await fetch(form.action, { method: "POST", body: place, cache: "no-store", redirect: "error" });
          said.textContent = answer.ok ? form.dataset.shared : form.dataset.failed;
        } catch {
          said.textContent = form.dataset.failed;
        }
      },
      () => {
        said.textContent = form.dataset.failed;
      },
      { enableHighAccuracy: true, maximumAge: 10000 },
    );
  });
}

// Notices are turned on in this browser only where that is asked for.
async function subscribe(key, worker) {
  if ((await Notification.requestPermission()) !== "granted") throw new Error("refused");
  const registration = await navigator.serviceWorker.register(worker);
  while (!registration.active) await new Promise((resolve) => setTimeout(resolve, 50));
  const before = await registration.pushManager.getSubscription();
  return before ?? registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

for (const form of document.querySelectorAll("form[data-notices]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const said = form.querySelector(".wrong");
    said.hidden = true;
    try {
      const { endpoint, keys } = (await subscribe(form.dataset.key, form.dataset.worker)).toJSON();
      form.elements.endpoint.value = endpoint;
      form.elements.p256dh.value = keys.p256dh;
      form.elements.auth.value = keys.auth;
      form.submit();
    } catch {
      said.textContent = form.dataset.failed;
      said.hidden = false;
    }
  });
}

// Where none are on any more, this browser keeps nothing of them, and no notice stays on its lock screen.
async function forget() {
  for (const one of (await navigator.serviceWorker?.getRegistrations()) ?? []) {
    if (!new URL(one.scope).pathname.startsWith("/p/")) continue;
    for (const shown of await one.getNotifications()) shown.close();
    await (await one.pushManager?.getSubscription())?.unsubscribe();
    await one.unregister();
  }
}
if (!("keep" in document.body.dataset)) forget().catch(() => {});

"use strict";

// Shows a notice as it was worded and named on the page. It keeps nothing and answers no request for a page.
self.addEventListener("install", () => self.skipWaiting());

async function show(data) {
  let notice = {};
  try {
    notice = data.json();
  } catch {
    // Browsers demand that something is shown: the name alone says nothing.
  }
  await self.registration.showNotification(notice.title ?? "Notes", {
    body: notice.body ?? "",
    icon: `/p/f/${notice.icon ?? "notes"}.png`,
    badge: "/p/f/badge.png",
    tag: "n",
    renotify: true,
  });
}

self.addEventListener("push", (event) => event.waitUntil(show(event.data)));

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow("/p"));
});

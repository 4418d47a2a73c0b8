// Looks after the pages of an installed coach: files come from the network and, without one, from the last visit; a page
// that cannot be had shows what to do; reminders come in by push. Nothing about a run is ever answered from the past.

const BOX = "coach-1";
const SHELL = [
  "/offline", "/static/css/tokens.css", "/static/css/page.css", "/static/js/page.js", "/static/js/dom.js",
  "/static/js/words.js", "/static/js/api.js", "/static/js/outbox.js", "/static/icons/mark.svg",
];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(BOX).then((box) => box.addAll(SHELL)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const clean = async () => {
    for (const name of await caches.keys()) if (name.startsWith("coach-") && name !== BOX) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(clean());
});

async function fileOrLast(event) {
  let answer;
  try {
    answer = await fetch(event.request);
  } catch (error) {
    const last = await caches.match(event.request, { cacheName: BOX }).catch(() => undefined);
    if (last) return last;
    throw error;
  }
  if (answer.ok) event.waitUntil(keep(event.request, answer.clone()));
  return answer;
}

/** A phone that is full keeps no file for later: a visit without the network is poorer, this one is not. */
async function keep(request, answer) {
  try {
    await (await caches.open(BOX)).put(request, answer);
  } catch (error) {
    console.info(`not kept: ${error.message}`);
  }
}

async function pageOrOffline(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match("/offline")) ?? Response.error();
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith("/static/")) event.respondWith(fileOrLast(event));
  else if (request.mode === "navigate") event.respondWith(pageOrOffline(request));
});

self.addEventListener("push", (event) => {
  const { title = "Coach", body = "", link = "/", key } = event.data?.json() ?? {};
  event.waitUntil(self.registration.showNotification(title, { body, tag: key, icon: "/static/icons/mark-192.png", data: { link } }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const target = new URL(event.notification.data?.link ?? "/", self.location.origin);
  if (target.origin === self.location.origin) event.waitUntil(self.clients.openWindow(target.href));
});

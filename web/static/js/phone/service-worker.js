// Gives the phone's page its files without a network. A version is used once all its files are here, whole and checked
// (take.js does that), and then from here alone: what is answered never depends on a network.

const BOOK = "phone-book"; // holds which version is in use
const CURRENT = "/phone/current";
const boxOf = (version) => `phone-${version}`;

async function current() {
  const answer = await (await caches.open(BOOK)).match(CURRENT);
  return answer ? (await answer.json()).version : null;
}

async function shell(request) {
  const version = await current();
  const kept = version && (await (await caches.open(boxOf(version))).match("/phone/"));
  return kept ?? fetch(request);
}

async function file(request, version) {
  const kept = await (await caches.open(boxOf(version))).match(request.url);
  return kept ?? fetch(request);
}

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  const [, version] = /^\/phone\/app\/([0-9a-f]+)\//.exec(url.pathname) ?? [];
  if (version) event.respondWith(file(request, version));
  else if (url.pathname === "/phone/" && request.mode === "navigate") event.respondWith(shell(request));
});

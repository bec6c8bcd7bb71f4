// Keeps the page for when there is no network: all files of one build, or none of them. The build writes its name and its
// files into the two lines below; a page that was not built keeps nothing.
const BUILD = "unbuilt";
const FILES = [];

const CACHE = `loadpath-${BUILD}`;

self.addEventListener("install", (event) => {
  // Past the browser's own cache, which may hold a file of another build.
  const fresh = FILES.map((name) => new Request(name, { cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(fresh)));
});

self.addEventListener("activate", (event) => {
  const others = (name) => name.startsWith("loadpath-") && name !== CACHE;
  const forget = async () => {
    for (const name of (await caches.keys()).filter(others)) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(forget());
});

// A new build waits until the person lets it take over: a page never mixes two.
self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  const home = new URL(self.registration.scope);
  if (event.request.method !== "GET" || address.origin !== home.origin || !address.pathname.startsWith(home.pathname)) return;
  const name = address.pathname.slice(home.pathname.length) || "index.html";
  // The agent's API, and whatever else is not of the page, goes its own way.
  if (!FILES.includes(name)) return;
  event.respondWith(
    caches.open(CACHE).then(async (cache) => (await cache.match(name)) ?? fetch(event.request)),
  );
});

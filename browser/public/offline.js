/**
 * Has the page at hand where there is no network: what the network gives is
 * remembered, and given in its place when it gives nothing. So what is new
 * comes first wherever there is a choice.
 */
const cacheName = "engram";

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("message", (event) => event.waitUntil(remember(event.data)));

/** Fetches what the page has had before this worker was there; what a page of before had goes. */
async function remember(names) {
  const cache = await caches.open(cacheName);
  const addresses = names.map((name) => new URL(name, location.href).href);
  for (const { url } of await cache.keys()) if (!addresses.includes(url)) await cache.delete(url);
  await Promise.all(
    addresses.map(async (address) => {
      if ((await cache.match(address)) === undefined) await cache.add(address);
    }),
  );
}

addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  event.respondWith(answer(request));
});

async function answer(request) {
  const cache = await caches.open(cacheName);
  // What is asked of the page in its address is for itself.
  const key = request.mode === "navigate" ? new URL(request.url).pathname : request;
  try {
    const response = await fetch(request);
    if (response.status === 200 && !(await isThere(cache, key, response))) {
      await cache.put(key, response.clone());
    }
    return response;
  } catch (error) {
    const known = await cache.match(key);
    if (known === undefined) throw error;
    return known;
  }
}

/** Scripts and style sheets are named by a hash of what they hold. */
async function isThere(cache, key, { url }) {
  return url.includes("/assets/") && (await cache.match(key)) !== undefined;
}

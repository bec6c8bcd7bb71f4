// The simulation's thread: the same WebAssembly module as the page, by its other entry.

import init, { start_worker } from "./loadpath.js";

// Whatever the page sends while the module still loads would be lost: nothing listens yet. Keep it, in order.
const early = [];
const keep = (event) => early.push(event.data);
self.addEventListener("message", keep);

try {
  await init();
  start_worker();
  self.removeEventListener("message", keep);
  for (const data of early) self.dispatchEvent(new MessageEvent("message", { data }));
} catch (error) {
  // A rejected module is silent for the page; an error thrown from a task reaches its `onerror`.
  setTimeout(() => {
    throw error;
  });
}

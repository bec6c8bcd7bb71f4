// Loads the WebAssembly module and hands the page over to it. When that fails, the page says what failed.

/** Shows a sentence in place of the loading state; the details go to the console for a bug report. */
function fail(sentence, error) {
  document.getElementById("boot")?.classList.add("failed");
  const state = document.getElementById("boot-state");
  if (state) {
    state.setAttribute("role", "alert");
    state.textContent = sentence;
  }
  console.error(sentence, error);
}

async function boot() {
  if (typeof WebAssembly !== "object") {
    fail("This browser has WebAssembly switched off or lacks it, and the simulator is WebAssembly. Any current browser works.");
    return;
  }
  let page;
  try {
    // Imported here and not at the top, so that a missing file ends in a sentence and not in silence.
    page = await import("./loadpath.js");
    await page.default();
  } catch (error) {
    fail("A part of the page did not load: check the connection, then reload the page.", error);
    return;
  }
  try {
    page.start_page();
  } catch (error) {
    fail("The page loaded and could not start. Reload it; if it stays, please report what the console says.", error);
    return;
  }
  keepOffline();
}

/** Has the browser keep the page for when there is no network, and tells the page when a newer one is there. */
async function keepOffline() {
  // The next build, once it waits to take over.
  let next;
  addEventListener("loadpath:reload", () => {
    if (!next) {
      location.reload();
      return;
    }
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
    next.postMessage("take over");
  });
  // Inside another page it is only looked at; and some browsers forbid it, or keep nothing.
  if (!navigator.serviceWorker || new URLSearchParams(location.search).get("embed") === "1") return;
  let registration;
  try {
    registration = await navigator.serviceWorker.register("offline.js");
  } catch {
    return;
  }
  const renewed = (worker) => {
    // The first one to be installed is this page's own build.
    if (!worker || !navigator.serviceWorker.controller) return;
    next = worker;
    dispatchEvent(new Event("loadpath:update"));
  };
  renewed(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const worker = registration.installing;
    worker?.addEventListener("statechange", () => {
      if (worker.state === "installed") renewed(worker);
    });
  });
}

boot();

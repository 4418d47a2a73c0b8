// The way to the watcher of the stream: a worker, or this page where a browser has none or its worker fails to load.

/** Returns tell(message). listen(message) gets the watcher's messages; what is told early is kept until it is up. */
export function openWatcher(listen) {
  let tell = null;
  const waiting = [];
  const kept = [];

  function use(take) {
    tell = take;
    for (const message of waiting.splice(0)) take(message);
  }

  async function stayHere() {
    const { watch } = await import("./live_watch.js");
    use(watch(listen));
  }

  function hire() {
    const worker = new Worker("/static/js/live_worker.js", { type: "module" });
    let is_up = false;
    worker.addEventListener("message", (event) => { is_up = true; kept.length = 0; listen(event.data); });
    worker.addEventListener("error", (event) => {
      console.info(`the watcher works in the page: ${event.message ?? "no worker"}`);
      if (is_up) return;
      worker.terminate();
      waiting.push(...kept.splice(0));
      tell = null;
      void stayHere();
    });
    use((message) => { if (!is_up) kept.push(message); worker.postMessage(message); });
  }

  try { hire(); } catch { void stayHere(); }
  return (message) => { if (tell) tell(message); else waiting.push(message); };
}

/** Tells the watcher what becomes of the page: seen again, gone for now, back on the network. */
export function followPage(tell) {
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tell({ feed: "back" }); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) tell({ feed: "reopen" }); });
  window.addEventListener("online", () => tell({ feed: "reopen" }));
  window.addEventListener("pagehide", () => tell({ feed: "rest" }));
}

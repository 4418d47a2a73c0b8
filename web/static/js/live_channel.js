// The channel to the watcher of the stream: a worker, or this page where a browser has none or its worker fails to load.
//
// The watcher says something at least every two seconds. One that falls silent while the page is awake is replaced: old
// numbers must not stay because the one who would dim them is gone.

const LOOK_MS = 2000;
const MOST_MISSED = 3;
const MOST_WORKERS = 3;

/** Returns send(message). listen(message) gets the watcher's messages. */
export function openWatcher(listen) {
  const known = new Map(); // the newest message of each kind: what a new watcher has to get
  let take = null;
  let worker = null;
  let n_workers = 0;
  let n_missed = 0;

  function hear(message) {
    n_missed = 0;
    if (!message.pulse) listen(message);
  }

  function use(deliver) {
    take = deliver;
    for (const message of known.values()) deliver(message);
  }

  async function stayHere() {
    const { watch } = await import("./live_watch.js");
    use(watch(hear));
  }

  function startWorker() {
    take = null;
    worker?.terminate();
    if (n_workers++ >= MOST_WORKERS) { worker = null; void stayHere(); return; }
    worker = new Worker("/static/js/live_worker.js", { type: "module" });
    let is_up = false;
    worker.addEventListener("message", (event) => { is_up = true; hear(event.data); });
    worker.addEventListener("error", (event) => {
      console.info(`the watcher stumbled: ${event.message ?? "it could not be loaded"}`);
      if (!is_up) { n_workers = MOST_WORKERS; startWorker(); }
    });
    use((message) => worker.postMessage(message));
  }

  setInterval(() => {
    if (!worker || document.hidden) n_missed = 0;
    else if (++n_missed > MOST_MISSED) { n_missed = 0; startWorker(); }
  }, LOOK_MS);

  try { startWorker(); } catch { void stayHere(); }
  return (message) => {
    const is_for_now = message.feed && message.feed !== "open";
    if (!is_for_now) known.set(Object.keys(message).join(), message);
    take?.(message);
  };
}

/** Reports to the watcher what happens to the page: seen again, gone for now, back on the network. */
export function followPage(send) {
  document.addEventListener("visibilitychange", () => { if (!document.hidden) send({ feed: "back" }); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) send({ feed: "reopen" }); });
  window.addEventListener("online", () => send({ feed: "reopen" }));
  window.addEventListener("pagehide", () => send({ feed: "rest" }));
}

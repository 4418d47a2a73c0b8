// The live stream: server-sent events in, handlers called, and a watchdog, because a phone that changed its network
// keeps a dead stream that still says it is open.
//
// Anything the stream says (the coach sends a heartbeat every 2 s) feeds the watchdog. After 5 s of silence, and
// whenever the page comes back into view, the stream is closed and opened again. No document in here: a worker runs it.

const SILENCE_MS = 5000;
const LONGEST_WAIT_MS = 8000;
const BACK_MS = 2500;

/**
 * handlers: {metrics(data), cue(data), sensor(data), run(data), signal(data), state("live" | "waiting")}.
 * Returns {reopen(), back(), rest(), close()}. back: the page is seen again. rest: the page goes, and may come back.
 */
export function openFeed(handlers, { url = "/api/v1/live", silence_ms = SILENCE_MS } = {}) {
  let source = null;
  let last_id = null;
  let heard_at = performance.now();
  let wait_ms = 500;
  let retry = 0;
  let closed = false;

  const say = (state) => handlers.state?.(state);

  function receive(name, event) {
    heard_at = performance.now();
    wait_ms = 500;
    say("live");
    if (!event.data) return;
    if (event.lastEventId) last_id = event.lastEventId;
    handlers[name]?.(JSON.parse(event.data));
  }

  function open() {
    clearTimeout(retry);
    source?.close();
    if (closed) return;
    heard_at = performance.now();
    source = new EventSource(last_id === null ? url : `${url}?after=${encodeURIComponent(last_id)}`);
    for (const name of ["metrics", "cue", "sensor", "run", "signal"]) {
      source.addEventListener(name, (event) => receive(name, event));
    }
    source.addEventListener("heartbeat", () => { heard_at = performance.now(); wait_ms = 500; say("live"); });
    source.addEventListener("bye", later);
    source.onerror = later;
  }

  function later() {
    source?.close();
    source = null;
    clearTimeout(retry);
    if (closed) return;
    say("waiting");
    retry = setTimeout(open, wait_ms);
    wait_ms = Math.min(wait_ms * 2, LONGEST_WAIT_MS);
  }

  const watchdog = setInterval(() => {
    if (source && performance.now() - heard_at > silence_ms) { say("waiting"); open(); }
  }, 500);

  open();
  return {
    reopen: open,
    back() { if (performance.now() - heard_at > BACK_MS) open(); },
    rest() { source?.close(); },
    close() { closed = true; clearTimeout(retry); clearInterval(watchdog); source?.close(); },
  };
}

// Writes that wait for the network, in order, each with its own key so that the coach recognises a repeat, and with the
// moment at which it was made. No document in here: what it needs is handed in, so that it can be tested by itself.
//
// The box is held in memory; the browser's storage is its copy, which outlives the page and is shared with other pages
// of this phone. Where the storage refuses (private mode, full), the page alone holds the item, and says so.

const BOX = "outbox";

/**
 * storage: {getItem, setItem}. send(item): resolves with the coach's answer; its error has `is_final` where a repeat
 * would be refused again. now_ms(): wall clock of the phone. Returns {keep, flush, waiting, onWaiting, onRefused}.
 */
export function makeOutbox({ storage, send, newKey, now_ms }) {
  const held = new Map(); // key -> item, in the order in which they were made
  const asked = new Map(); // key -> the caller of `keep` who waits for the answer
  const gone = new Set(); // answered, though the storage may still hold them
  const watchers = new Set();
  const refusals = new Set();
  let flushing = null; // the try that is going on; a later one begins after it
  let is_stuck = false; // the last try failed

  function stored() {
    try { return JSON.parse(storage.getItem(BOX) ?? "[]"); } catch { return []; }
  }

  /** Every item that waits, those of other pages of this phone included, in the order of their numbers: a clock can be
   *  set back between two taps. */
  function items() {
    const all = new Map(stored().filter((item) => !gone.has(item.key)).map((item) => [item.key, item]));
    for (const [key, item] of held) all.set(key, item);
    return [...all.values()].sort((a, b) => (a.nth ?? 0) - (b.nth ?? 0) || (a.at_ms ?? 0) - (b.at_ms ?? 0));
  }

  function copy() {
    try { storage.setItem(BOX, JSON.stringify(items())); } catch { /* held in memory, and said by `waiting` */ }
  }

  /** {n, n_here}: how many writes wait for a later try, and how many of them this page alone holds. */
  function waiting() {
    const keys = new Set(stored().map((item) => item.key));
    const late = items().filter((item) => !asked.has(item.key));
    return { n: late.length, n_here: late.filter((item) => !keys.has(item.key)).length };
  }

  function callWatchers() {
    const kept = waiting();
    watchers.forEach((watch) => watch(kept));
  }

  /** Let the caller of `keep` go on, where one waits. */
  function release(key, how, value) {
    asked.get(key)?.[how](value);
    return asked.delete(key);
  }

  /** A write that may wait: sent now if the coach answers, else kept and sent later. Resolves to undefined when kept. */
  function keep(method, path, body = {}) {
    const nth = Math.max(0, ...items().map((other) => other.nth ?? 0)) + 1;
    const item = { key: newKey(), method, path, body, at_ms: now_ms(), nth };
    held.set(item.key, item);
    copy();
    const answer = is_stuck ? undefined : new Promise((resolve, reject) => asked.set(item.key, { resolve, reject }));
    if (is_stuck) callWatchers();
    void flush();
    return Promise.resolve(answer);
  }

  /** Send what waits, oldest first; stop at the first that cannot be sent. A refused write is left out, and said. */
  function flush() {
    const after = flushing ? flushing.then(sendAll) : sendAll();
    const mine = after.finally(() => { if (flushing === mine) flushing = null; });
    flushing = mine;
    return mine;
  }

  async function sendAll() {
    for (let [first] = items(); first; [first] = items()) {
      let settle;
      try {
        const answer = await send(first);
        settle = () => release(first.key, "resolve", answer);
      } catch (error) {
        if (!error.is_final) { stick(); return; }
        settle = () => release(first.key, "reject", error) || refusals.forEach((refuse) => refuse(error.message, first));
      }
      is_stuck = false;
      held.delete(first.key);
      gone.add(first.key);
      copy();
      callWatchers();
      settle();
    }
  }

  /** No answer: whoever waits for one hears that the write is kept. */
  function stick() {
    is_stuck = true;
    const callers = [...asked.values()];
    asked.clear();
    callWatchers();
    callers.forEach(({ resolve }) => resolve(undefined));
  }

  return {
    keep,
    flush,
    waiting,
    /** Called with `waiting()` now and whenever it changes. */
    onWaiting(watch) { watchers.add(watch); watch(waiting()); },
    /** Called with the coach's words, and the item, when a kept write was refused for good. */
    onRefused(refuse) { refusals.add(refuse); },
  };
}

/** How long ago [s] an item was made, by the phone's own clock; never below 0, as after a step of the clock. */
export const ageOf = (item, now_ms) => Math.max(0, (now_ms - (item.at_ms ?? now_ms)) / 1000);

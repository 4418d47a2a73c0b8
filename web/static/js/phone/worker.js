// The coach's Python core in its worker, and the log of its run. What comes in goes into the log before anything is
// computed of it (coach.phone.run), and from there to the phone's own file system each second.
import { startCore } from "./runtime.js";
import { openLog, removeRun, tryStore } from "./store.js";

const FLUSH_MS = 1000;
const TICK_MS = 250;
const FULL = "full"; // the page has the words
const AGAIN_MS = 60000; // a full disk is said again

let core = null;
let log = null; // {handle, at, waiting: Uint8Array[], is_ended: the run is over, the rest waits for space}
let run0 = 0; // start of the run on the page's clock [ms since the Unix epoch, monotonic]
let flushed_ms = 0;
let queue = Promise.resolve();

const isOn = () => log !== null && !log.is_ended;
const now_ms = () => performance.timeOrigin + performance.now();
const now_s = () => Math.max(0, (now_ms() - run0) / 1000);
const wordsOf = (error) => String(error.message ?? error).trim().split("\n").pop().replace(/^[\w.]*(Error|Exception): /, "").slice(0, 400);
const spread = (text) => { if (text) self.postMessage({ messages: JSON.parse(text) }); };

async function start({ folder, manifest, language }) {
  const { loadPyodide } = await import(`${folder}pyodide.mjs`);
  const read = async (name) => new Uint8Array(await (await fetch(folder + name)).arrayBuffer());
  const began_ms = performance.now();
  const stage = (name) => self.postMessage({ stage: name });
  const started = await startCore(loadPyodide, {
    indexURL: folder, packages: manifest.packages, read, stage: (name) => name !== "ready" && stage(name),
    versions: [manifest.program_version, manifest.core_version],
  });
  core = started.call;
  core("speak", language);
  stage("storage");
  await tryStore();
  const heap_mb = started.py._module.HEAPU8.length / 2 ** 20;
  return { seconds: (performance.now() - began_ms) / 1000, heap_mb };
}

/** Put what the core has written into the file. What the disk refuses waits for the next second, also after the end. */
function flush(end) {
  if (!log) return;
  const piece = end ?? (log.is_ended ? new Uint8Array() : core("take_log"));
  if (piece.length) log.waiting.push(piece);
  try {
    while (log.waiting.length) {
      const n_written = log.handle.write(log.waiting[0], { at: log.at });
      log.at += n_written;
      if (n_written < log.waiting[0].length) { log.waiting[0] = log.waiting[0].subarray(n_written); throw new Error(FULL); }
      log.waiting.shift();
    }
    log.handle.flush();
    if (log.is_ended) log.handle.close();
    if (log.is_refused) { log.is_refused = false; self.postMessage({ log: "written" }); }
    if (log.is_ended) log = null;
  } catch (error) {
    if (!log.is_refused || performance.now() - log.said_ms >= AGAIN_MS) {
      self.postMessage({ log: "refused", words: wordsOf(error) });
      log.said_ms = performance.now();
    }
    log.is_refused = true;
  }
  flushed_ms = performance.now();
}

const verbs = {
  start,
  /** Any question to the core. */
  ask: ({ verb, args = [] }) => core(verb, ...args),
  async begin({ run_id, started_ms, started_at, answers, facts }) {
    if (log) throw new Error("the last run is not wholly written yet: free some space on this phone");
    log = { handle: await openLog(run_id), at: 0, waiting: [], is_refused: false, said_ms: 0, is_ended: false };
    try {
      log.handle.truncate(0);
      run0 = started_ms;
      const status = core("start", run_id, started_at, answers, facts);
      flush();
      return status;
    } catch (error) {
      log.handle.close();
      log = null;
      await removeRun(run_id);
      throw error;
    }
  },
  end() {
    const answer = JSON.parse(core("finish", now_s()));
    const rest = core("take_end");
    log.is_ended = true;
    flush(rest);
    const waiting_bytes = log ? log.waiting.reduce((sum, piece) => sum + piece.length, 0) : 0;
    return JSON.stringify({ ...answer.run, waiting_bytes });
  },
  act({ verb, args }) { spread(core("act", verb, now_s(), JSON.stringify(args ?? {}))); flush(); },
  linkChanged({ sensor_id, status, reason, words }) { if (isOn()) spread(core("link_changed", sensor_id, now_s(), status, reason, words)); },
  hidden({ start_ms, end_ms }) { if (isOn()) core("hidden", Math.max(0, (start_ms - run0) / 1000), (end_ms - run0) / 1000); },
  stats: () => ({ reports: JSON.parse(core("reports")), log_bytes: log?.at ?? 0 }),
};

function note([sensor_id, characteristic, at_ms, bytes]) {
  try {
    spread(core("feed", sensor_id, characteristic, isOn() ? Math.max(0, (at_ms - run0) / 1000) : 0, bytes));
  } catch (error) {
    self.postMessage({ trouble: wordsOf(error) });
  }
}

async function take(message) {
  if (message.note) { if (core) note(message.note); return; }
  try {
    self.postMessage({ id: message.id, result: await verbs[message.act](message.facts) });
  } catch (error) {
    self.postMessage({ id: message.id, error: wordsOf(error) });
  }
}

self.addEventListener("message", ({ data }) => { queue = queue.then(() => take(data)); });

setInterval(() => {
  queue = queue.then(() => {
    if (!log) return;
    try {
      if (isOn()) spread(core("tick", now_s()));
      if (performance.now() - flushed_ms >= FLUSH_MS) flush();
    } catch (error) {
      self.postMessage({ trouble: wordsOf(error) });
    }
  });
}, TICK_MS);
setInterval(() => { queue = queue.then(() => { if (isOn()) core("clock", now_s(), Date.now()); }); }, 60000);

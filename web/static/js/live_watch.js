// Watches the coach for the live view: the stream in, messages for the page out. Runs in a worker, where reading
// the stream costs the page nothing, or in the page itself where there is no worker.
//
// Out: {face: {...}} what changed, {cue}, {sensor}, {run} as the coach said them, {state: "live" | "waiting"}, {say}
// what is said besides cues, {tick_spm} what a metronome may tick now, null for none, {unknownRun: true} for numbers of a
// run that the page does not know; {pulse: true} where there was nothing else to say.
import { openFeed } from "./feed.js";
import { openAnnouncer } from "./live_announcer.js";
import { faceOf, rememberShown } from "./live_face.js";
import { forgetAll, GONE_S, takeMetrics } from "./live_values.js";
import { useUnits } from "./units.js";
import { useWords } from "./words.js";

const LOOK_MS = 500;
const PULSE_MS = 2000;

/**
 * send(message) goes to the page; returns what takes the page's messages: {words, units}, {choices}, {run}, {feed}.
 * open(handlers): where the coach's messages come from; by default its stream, on the phone alone its own core.
 */
export function watch(send, open = openFeed) {
  const run = { run_id: null, is_on: false, is_paused: false, elapsed_s: 0, updated_at_ms: performance.now(), lap: 1, lap_kind: "lap" };
  let choices = null;
  let feed = null;
  const diff = rememberShown();
  let looked_ms = 0;
  let said_ms = 0;
  let state = "";
  let tick = { spm: null, at_ms: 0 };
  const announcer = openAnnouncer((sentence) => post({ say: sentence }));

  function post(message) {
    said_ms = performance.now();
    send(message);
  }

  function postFace(is_forced = false) {
    if (!choices) return;
    const now_ms = performance.now();
    looked_ms = now_ms;
    const face = diff(faceOf(run, choices, now_ms), now_ms, is_forced);
    if (Object.keys(face).length) post({ face });
  }

  function sendTick(spm, now_ms) {
    if (spm !== tick.spm) post({ tick_spm: spm });
    tick = { spm, at_ms: now_ms };
  }

  const handlers = {
    metrics(metrics) {
      if (!run.is_on || (metrics.run_id && metrics.run_id !== run.run_id)) { post({ unknownRun: true }); return; }
      const now_ms = performance.now();
      takeMetrics(metrics, now_ms);
      if (metrics.elapsed_s !== undefined) Object.assign(run, { elapsed_s: metrics.elapsed_s, updated_at_ms: now_ms });
      announcer.takeMetrics(metrics, now_ms);
      sendTick(metrics.tick_spm ?? null, now_ms);
      postFace();
    },
    cue(cue) { announcer.takeCue(cue); post({ cue }); },
    sensor(sensor) { announcer.takeSensor(sensor, performance.now()); post({ sensor }); },
    run: (status) => post({ run: status }),
    state(now) {
      if (now === state) return;
      state = now;
      post({ state });
    },
  };

  function takeRun(status) {
    if (status.run_id !== run.run_id) forgetAll();
    if (status.elapsed_s !== undefined) run.updated_at_ms = performance.now();
    Object.assign(run, status);
    announcer.takeRun({ ...run, links: status.links, sensors: status.sensors, elapsed_s: status.elapsed_s }, performance.now());
    postFace(true);
  }

  setInterval(() => {
    const now_ms = performance.now();
    if (now_ms - looked_ms > LOOK_MS - 50) postFace();
    announcer.tick(now_ms);
    if (now_ms - tick.at_ms > 1000 * GONE_S) sendTick(null, now_ms);
    if (performance.now() - said_ms > PULSE_MS - 50) post({ pulse: true });
  }, LOOK_MS);

  return function take(message) {
    if (message.words) useWords(message.words, message.language);
    if (message.units) useUnits(message.units);
    if (message.choices) { choices = message.choices; postFace(true); }
    if (message.run) takeRun(message.run);
    if (message.feed === "open") feed ??= open(handlers);
    else if (message.feed) feed?.[message.feed]();
  };
}

// The page in motion, joined: the stream's events in, painted numbers and cues out.
import { get } from "./api.js";
import { find, findAll, readData, setText } from "./dom.js";
import { openFeed } from "./feed.js";
import { bindChoices, chosen } from "./live_choices.js";
import { bindControls, paintMute, paintPause } from "./live_controls.js";
import { forgetCues, takeCue } from "./live_cues.js";
import { paintFocus } from "./live_focus.js";
import { forgetLinks, takeLink, takeSensors } from "./live_links.js";
import { forgetAll, paintValue, takeMetrics } from "./live_values.js";
import { keepAwake } from "./live_wake.js";
import { durationText, unitOf } from "./units.js";
import { w } from "./words.js";

const state = { run_id: null, is_on: false, is_paused: false, is_muted: false, elapsed_s: 0, told_at_ms: performance.now() };
const slots = findAll("[data-value]");
const RUNNING = new Set(["recording", "paused"]);
let painted_at_ms = 0;

/** What the coach says of the run, from the status or a `run` event. */
function takeRun(status) {
  const run_id = status.run_id ?? null;
  const run_state = status.state ?? null;
  const is_on = run_id !== null && RUNNING.has(run_state);
  if (is_on && run_id !== state.run_id) {
    forgetAll();
    forgetCues();
    forgetLinks(status.links);
    find("#unlock").hidden = navigator.userActivation?.hasBeenActive !== false;
  }
  if (!is_on && state.is_on) finished(state.run_id);
  const was_on = state.is_on;
  Object.assign(state, { run_id, is_on, is_paused: run_state === "paused", is_muted: Boolean(status.is_muted) });
  Object.assign(state, { lap: status.lap ?? 1, lap_kind: status.lap_kind ?? "lap" });
  if (status.elapsed_s !== undefined) Object.assign(state, { elapsed_s: status.elapsed_s ?? 0, told_at_ms: performance.now() });
  if (status.sensors) takeSensors(status.sensors);
  if (status.links) forgetLinks(status.links);
  document.body.dataset.run = is_on ? "on" : "ready";
  if (is_on !== was_on) void keepAwake(is_on);
  if (is_on && !status.sensors && !was_on) void refresh();
  paintMute(state.is_muted);
  paintPause(state.is_paused);
  paint();
}

/** The run ended on another phone, or by the coach itself: show it, unless this phone is already on its way there. */
function finished(run_id) {
  setText(find("#toast"), w("live.control.stopping"));
  setTimeout(() => location.assign(`/runs/${encodeURIComponent(run_id)}`), 1500);
}

function paint() {
  const now = performance.now();
  painted_at_ms = now;
  const is_counting = state.is_on && !state.is_paused;
  const clock = durationText(state.elapsed_s + (is_counting ? (now - state.told_at_ms) / 1000 : 0));
  setText(find("#clock"), clock);
  find("#clock").classList.toggle("is-long", clock.length > 5);
  setText(find("#phase"), phaseWords());
  for (const slot of slots) paintValue(slot, slot.dataset.value, now);
  const large = paintFocus(chosen().main, state.is_on);
  for (const place of ["first", "second"]) {
    const name = chosen()[place] === large ? chosen().main : chosen()[place];
    setText(find(`#${place}-name`), w(`metrics.${name}.short`));
    setText(find(`#${place}-unit`), unitOf(name));
    paintValue(find(`#${place}-value`), name, now);
  }
}

function phaseWords() {
  if (state.is_paused) return w("live.motion.paused");
  if (state.lap_kind === "warm_up" || state.lap_kind === "cool_down") return w(`live.motion.${state.lap_kind}`);
  return state.lap > 1 ? w("live.motion.lap", { number: state.lap }) : "";
}

/** Numbers are written as they come: where none of them changed, the browser has no frame to make. */
function paintNews() {
  if (!document.hidden) paint();
}

let asked_at_ms = -Infinity;

/** Numbers of a run this page does not know of yet: ask once a second at most. */
function refreshNowAndThen() {
  if (performance.now() - asked_at_ms < 1000) return;
  asked_at_ms = performance.now();
  void refresh();
}

async function refresh() {
  try { takeRun(await get("/run")); } catch { /* the stream's watchdog says it */ }
}

let stream_state = "";

openFeed({
  metrics(metrics) {
    if (!state.is_on || (metrics.run_id && metrics.run_id !== state.run_id)) { refreshNowAndThen(); return; }
    takeMetrics(metrics);
    if (metrics.elapsed_s !== undefined) Object.assign(state, { elapsed_s: metrics.elapsed_s, told_at_ms: performance.now() });
    paintNews();
  },
  cue(cue) { takeCue(cue); },
  sensor(link) { takeLink(link); },
  run(status) { takeRun(status); },
  state(now) {
    if (now === stream_state) return;
    const was = stream_state;
    stream_state = now;
    document.body.dataset.stream = now;
    setText(find("#stream-words"), now === "live" ? "" : w("live.stream.waiting"));
    if (now === "live" && was !== "") void refresh();
  },
});

bindChoices(paint);
bindControls(state, refresh);
takeRun(readData("run-status", {}));
void refresh();
setInterval(() => { if (!document.hidden && performance.now() - painted_at_ms > 450) paint(); }, 500);

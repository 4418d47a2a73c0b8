// The page in motion, joined: the watcher's messages become written numbers and spoken cues.
import { get } from "./api.js";
import { find, findAll, readData, setText } from "./dom.js";
import { followPage, openWatcher } from "./live_channel.js";
import { bindChoices, chosen, sayProgress } from "./live_choices.js";
import { bindControls, paintPause } from "./live_controls.js";
import { forgetCues, takeCue } from "./live_cues.js";
import { bindDetails } from "./live_details.js";
import { leaveFor } from "./live_leave.js";
import { forgetLinks, takeLink, takeSensors } from "./live_links.js";
import { silenceTicks, tickAt } from "./live_metronome.js";
import { bindMute, forgetTap, heardTap, isMuted } from "./live_mute.js";
import { bindPhoneSensor } from "./live_phone_sensor.js";
import { bindPocket, leavePocket } from "./live_pocket.js";
import { keepAwake } from "./live_wake.js";
import { heardOut } from "./speech.js";
import { w } from "./words.js";

const LONGEST_MS = 8000; // for a sentence to be heard before the page is left
const state = { run_id: null, is_on: false, is_paused: false, is_muted: false, lap: 1, lap_kind: "lap" };
const slots = new Map(findAll(".motion [id]").map((element) => [element.id, element]));
const RUNNING = new Set(["recording", "paused"]);

/** What the coach says of the run, from the status or a `run` event. */
function takeRun(status) {
  const run_id = status.run_id ?? null;
  const run_state = status.state ?? null;
  const is_on = run_id !== null && RUNNING.has(run_state);
  if (is_on && run_id !== state.run_id) {
    forgetCues();
    forgetLinks(status.links);
    find("#unlock").hidden = navigator.userActivation?.hasBeenActive !== false;
  }
  if (!is_on && state.is_on) void leave(state.run_id, run_state);
  const was_on = state.is_on;
  Object.assign(state, { run_id, is_on, is_paused: run_state === "paused", is_muted: isMuted(run_id, Boolean(status.is_muted)) });
  Object.assign(state, { lap: status.lap ?? 1, lap_kind: status.lap_kind ?? "lap" });
  const elapsed = status.elapsed_s === undefined ? {} : { elapsed_s: status.elapsed_s ?? 0 };
  const { links, sensors } = status;
  state.workout = status.workout ?? null;
  send({ run: { ...state, ...elapsed, ...(links && { links }), ...(sensors && { sensors }) } });
  if (status.sensors) takeSensors(status.sensors);
  if (status.links) forgetLinks(status.links);
  document.body.dataset.run = is_on ? "on" : "ready";
  document.body.dataset.paused = String(is_on && state.is_paused);
  if (is_on !== was_on) void keepAwake(is_on);
  if (is_on && !status.sensors && !was_on) void refresh();
  find("#hold").hidden = !status.hold;
  setText(find("#hold-reason"), status.hold ?? "");
  document.body.dataset.hold = String(Boolean(status.hold));
  showMute();
  paintPause(state.is_paused);
}

function showMute() {
  silenceTicks(!state.is_on || state.is_paused || state.is_muted);
  find("#mute").setAttribute("aria-pressed", String(state.is_muted));
}

/** The run is over. Where the coach was started again in its middle, it may go on: that is offered on this page. */
async function leave(run_id, run_state) {
  leavePocket();
  if (run_state !== "finished") {
    try {
      if ((await get("/run")).cut_off === run_id) {
        sayProgress({ kind: "end", words: w("live.ready.cut_off"), is_alarm: true }, state.is_muted);
        await heardOut(LONGEST_MS);
        location.assign("/live");
        return;
      }
    } catch { /* what there is of it is shown */ }
  }
  leaveFor(run_id);
}

/** Write what changed, as it comes: the browser makes a frame only where something did. */
function paint(face) {
  for (const [slot, parts] of Object.entries(face)) {
    const element = slots.get(slot);
    for (const [part, text] of Object.entries(parts)) {
      if (part === "text") setText(element, text);
      else if (part === "at") element.style.transform = `translateX(${text}cqi)`;
      else element.dataset[part] = text;
    }
  }
}

let asked_at_ms = -Infinity;

/** Numbers of a run this page does not know of yet: ask once a second at most. */
function refreshNowAndThen() {
  if (performance.now() - asked_at_ms < 1000) return;
  asked_at_ms = performance.now();
  void refresh();
}

let n_changes = 0; // of the run and its sensors, that came by the stream

const MOST_ASKED = 5; // times in a row: where changes never cease, they say themselves how the run is

/** Ask how the run is. An answer that a change has overtaken on its way is old: the page asks again. */
async function refresh() {
  try {
    for (let n_asked = 0; n_asked < MOST_ASKED; n_asked += 1) {
      const [n_seen, tapped] = [n_changes, heardTap()];
      const status = await get("/run");
      if (n_seen === n_changes) {
        forgetTap(tapped);
        takeRun(status);
        return;
      }
    }
  } catch { /* the stream's watchdog says it */ }
}

let stream_state = "";

function takeState(now) {
  document.body.dataset.stream = now;
  setText(find("#stream-words"), now === "live" ? "" : w("live.stream.waiting"));
  if (now === "live" && stream_state !== "") void refresh();
  stream_state = now;
}

const send = openWatcher(({ face, cue, sensor, run, state: stream, unknownRun, say, tick_spm }) => {
  if (sensor || run) n_changes += 1;
  if (face) paint(face);
  else if (cue) takeCue(cue, state.is_muted);
  else if (sensor) takeLink(sensor);
  else if (run) takeRun(run);
  else if (stream) takeState(stream);
  else if (say) sayProgress(say, state.is_muted);
  else if (tick_spm !== undefined) tickAt(tick_spm);
  else if (unknownRun) refreshNowAndThen();
});

const sendChoices = () => { const { main, first, second } = chosen(); send({ choices: { main, first, second } }); };
send({ words: readData("words", {}), language: document.documentElement.lang, units: readData("unit-table", {}) });
sendChoices();
bindChoices(sendChoices);
bindControls(state, refresh);
bindMute(state, showMute, refresh);
bindDetails(() => get("/metrics"));
bindPocket();
bindPhoneSensor();
takeRun(readData("run-status", {}));
send({ feed: "open" });
followPage(send);
void refresh();

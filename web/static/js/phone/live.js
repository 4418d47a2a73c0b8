// The page in motion on the phone alone: the same view as at home, fed by the core in this page's worker.
import { find, findAll, readData, setText } from "../dom.js";
import { bindChoices, chosen, sayProgress, sound } from "../live_choices.js";
import { forgetCues, takeCue } from "../live_cues.js";
import { bindDetails } from "../live_details.js";
import { forgetLinks, takeLink, takeSensors } from "../live_links.js";
import { silenceTicks, tickAt } from "../live_metronome.js";
import { bindPocket, leavePocket } from "../live_pocket.js";
import { keepAwake } from "../live_wake.js";
import { watch } from "../live_watch.js";
import { w } from "../words.js";

const slots = new Map(findAll(".motion [id]").map((element) => [element.id, element]));
const HEARD = ["speech", "vibration"];
export const run = { run_id: null, is_on: false, is_paused: false, is_muted: false, lap: 1, lap_kind: "lap", unwritten: null }; // unwritten: id of a run that ended and is not wholly on the disk
let handlers = null;

/** Say something that no page can be relied on to show. */
export const say = (words) => sound(words, HEARD);

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

const send = watch(({ face, cue, sensor, run: status, say: sentence, tick_spm }) => {
  if (face) paint(face);
  else if (cue) takeCue(cue, run.is_muted);
  else if (sensor) takeLink(sensor);
  else if (status) takeRun(status);
  else if (sentence) sayProgress(sentence, run.is_muted);
  else if (tick_spm !== undefined) tickAt(tick_spm);
}, (given) => { handlers = given; return { reopen() {}, back() {}, rest() {}, close() {} }; });

/** What the core says of the run; null: none is on. sensors: the uses, where they are known. */
export function takeRun(status, sensors) {
  const was_on = run.is_on;
  const is_on = status !== null;
  if (is_on && status.run_id !== run.run_id) { forgetCues(); forgetLinks([]); }
  Object.assign(run, {
    run_id: status?.run_id ?? null, is_on, is_paused: status?.state === "paused", is_muted: Boolean(status?.is_muted),
    lap: status?.lap ?? 1, lap_kind: status?.lap_kind ?? "lap", workout: status?.workout ?? null,
  });
  if (was_on && !is_on) leavePocket();
  if (sensors) takeSensors(sensors);
  send({ run: { ...run, ...(status && { elapsed_s: status.elapsed_s, links: status.links }), ...(sensors && { sensors }) } });
  silenceTicks(!is_on || run.is_paused || run.is_muted);
  document.body.dataset.run = is_on ? "on" : "ready";
  document.body.dataset.paused = String(run.is_paused);
  if (is_on !== was_on) void keepAwake(is_on);
  find("#mute").setAttribute("aria-pressed", String(run.is_muted));
  const pause = find("#pause");
  pause.setAttribute("aria-pressed", String(run.is_paused));
  setText(pause.lastChild, w(run.is_paused ? "live.control.resume" : "live.control.pause"));
}

let newest = null;

/** Messages of the core, as at home's stream. */
export function takeMessages(messages) {
  for (const [kind, data] of messages) {
    if (kind === "metrics") newest = data;
    handlers[kind]?.(data);
  }
}

export function startLiveView() {
  const sendChoices = () => { const { main, first, second } = chosen(); send({ choices: { main, first, second } }); };
  send({ words: readData("words", {}), units: readData("unit-table", {}) });
  sendChoices();
  bindChoices(sendChoices);
  send({ feed: "open" });
  handlers.state("live");
  find("#unlock").hidden = true;
  bindPocket();
  bindDetails(async () => newest);
}

// Cues on the page: shown large, given to ear and hand once, explained on request. Never replayed.
import { find, make, on, setText } from "./dom.js";
import { chosen, sound } from "./live_choices.js";
import { numberText } from "./units.js";
import { w } from "./words.js";

const FRESH_MS = 20000;
const given = new Set();
const box = find("#cue");
let newest = null;
let fading = 0;

/** One `cue` event. What was withheld or already given is not shown; a muted page neither speaks nor sounds. */
export function takeCue(cue, is_muted) {
  const key = `${cue.run_id ?? ""} ${cue.cue_id}`;
  if (!cue.is_spoken || given.has(key)) return;
  given.add(key);
  const channels = (cue.modality ?? "").split(/[\s,]+/);
  const is_safety = cue.kind === "safety";
  newest = cue;
  if (chosen().text || is_safety) show(cue);
  sound(cue.say, is_muted ? channels.filter((channel) => channel === "vibration") : channels, wantsMore(cue));
}

/** Whether the cue asks for more (true), less (false) or neither of its number. */
function wantsMore({ value, threshold }) {
  return value === null || threshold === null || value === undefined || threshold === undefined ? undefined : value < threshold;
}

function show(cue) {
  box.hidden = false;
  box.dataset.kind = cue.kind;
  setFresh(true);
  setText(find("#cue-kind"), w(`live.cue.kind_${cue.kind}`));
  setText(find("#cue-words"), cue.say);
  clearTimeout(fading);
  fading = setTimeout(() => setFresh(false), FRESH_MS);
}

/** A fresh cue may take the room of numbers that are not needed at this moment. */
function setFresh(is_fresh) {
  box.classList.toggle("is-past", !is_fresh);
  document.body.dataset.cue = is_fresh ? "fresh" : "past";
}

export function forgetCues() {
  clearTimeout(fading);
  box.hidden = true;
  document.body.dataset.cue = "";
  newest = null;
}

const amount = (value, unit) => `${numberText(Number(value), 1)} ${unit ?? ""}`.trim();

function explain(cue) {
  const body = find("#why-body");
  const rows = [make("p", { className: "lead", textContent: cue.say }), make("p", { textContent: cue.reason })];
  if (cue.value !== null && cue.value !== undefined) {
    const limit = cue.threshold === null ? "" : ` · ${w("live.cue.limit")} ${amount(cue.threshold, cue.unit)}`;
    rows.push(make("p", { textContent: `${w("live.cue.measured")} ${amount(cue.value, cue.unit)}${limit}` }));
  }
  if (cue.gates?.length) {
    const gates = cue.gates.map((gate) => make("li", { textContent: `${gate.is_open ? "✓" : "✕"} ${gate.why || gate.name} (${w(gate.is_open ? "live.cue.open" : "live.cue.closed")})` }));
    rows.push(make("h3", { textContent: w("live.cue.gates") }), make("ul", { className: "gates" }, ...gates));
  }
  if (cue.source) rows.push(make("h3", { textContent: w("live.cue.source") }), make("p", { className: "small", textContent: cue.source }));
  body.replaceChildren(...rows);
}

on("#why", "click", () => {
  if (!newest) return;
  explain(newest);
  find("#why-dialog").showModal();
});

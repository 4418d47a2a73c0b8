// What the page in motion shows, worked out from what the coach says: no document in here, so that a worker can do it
// and the page only writes what changed.
//
// A face is {slot: {part: text}}: the slot is an element's id, the part `text` its words, any other part one of its
// data attributes. The large number and its place follow every update; all else settles once a second, with the clock,
// so that it can be read, but old and unknown is shown at once.
import { bandOf, edgesOf, markAt, shownNameOf } from "./live_target.js";
import { uncertaintyOf, newest, reasonOf } from "./live_values.js";
import { DASH, durationText, glanceUncertainty, hasUnit, K95, unitOf, valueText } from "./units.js";
import { w } from "./words.js";

const QUICK = ["distance_m", "speed_mps", "heart_rate_bpm"];
const CALM = new Set([
  "clock", ...QUICK, ...QUICK.map((name) => `${name}-note`), "focus-note", "focus-band", "gauge-mark", "first-value",
  "first-note", "second-value", "second-note",
]);
const SETTLE_MS = 1000;

/** The whole face. run: {is_on, is_paused, elapsed_s, updated_at_ms, lap, lap_kind}; choices: {main, first, second}. */
export function faceOf(run, choices, now_ms) {
  const counted_s = run.is_on && !run.is_paused ? (now_ms - run.updated_at_ms) / 1000 : 0;
  const clock = durationText(run.elapsed_s + counted_s);
  const face = {
    clock: { text: clock, size: clock.length > 7 ? "longest" : clock.length > 5 ? "long" : "" },
    phase: { text: phaseWords(run, run.elapsed_s + counted_s, newest("distance_m", now_ms).value) },
  };
  for (const name of QUICK) number(face, name, name, now_ms, false);
  const large = focus(face, choices.main, run.is_on, now_ms);
  for (const place of ["first", "second"]) {
    const name = choices[place] === large ? choices.main : choices[place];
    face[`${place}-name`] = { text: w(`metrics.${name}.short`) };
    face[`${place}-unit`] = { text: unitOf(name) };
    number(face, `${place}-value`, name, now_ms, true, `${place}-note`);
  }
  return face;
}

/** A number with its note: how sure it is, or why it is unknown. */
function number(face, slot, name, now_ms, has_uncertainty, note = `${slot}-note`) {
  const { value, is_old } = newest(name, now_ms);
  const text = valueText(name, value);
  const age = text === DASH ? "gone" : is_old ? "old" : "";
  face[slot] = { text, age, size: text.length > 5 ? "long" : "" };
  const uncertainty = has_uncertainty ? glanceUncertainty(name, value, uncertaintyOf(name)) : "";
  face[note] = { text: age === "gone" ? whyWords(name, "short") : uncertainty };
}

/** Words for why a number is unknown, "" where the coach gave no reason. length: "short" or "long". */
function whyWords(name, length) {
  const reason = reasonOf(name);
  return reason ? w(`metrics.why.${reason}.${length}`) : "";
}

function phaseWords({ is_paused, lap_kind, lap, workout }, now_s, distance_m) {
  if (is_paused) return w("live.motion.paused");
  if (workout && workout.kind !== "done") return partWords(workout, now_s, distance_m);
  if (lap_kind === "warm_up" || lap_kind === "cool_down") return w(`live.motion.${lap_kind}`);
  return lap > 1 ? w("live.motion.lap", { number: lap }) : "";
}

/** "Run 2 of 6, 230 m left · 4:30-4:45": a part of a workout, what is left of it, and its pace. */
function partWords({ id, kind, round, n_rounds, ends_s, ends_m, is_by_lap, is_eased, low_mps, high_mps }, now_s, distance_m) {
  const name = w(`live.${id === "run_walk" ? "run_walk" : "workout"}.${kind}`, { round, n_rounds });
  let words = name;
  if (is_by_lap) words = w("live.workout.by_lap", { words: name });
  else if (ends_m && Number.isFinite(distance_m)) {
    words = w("live.workout.left_m", { words: name, distance: `${Math.max(0, Math.ceil((ends_m - distance_m) / 10) * 10)} m` });
  } else if (ends_s) words = w("live.run_walk.left", { words: name, time: durationText(Math.max(0, ends_s - now_s + 0.999)) });
  if (is_eased) return w("live.workout.eased", { words });
  const band = [high_mps, low_mps].filter(Boolean).map((speed_mps) => valueText("speed_mps", speed_mps)).join("–");
  return band ? w("live.workout.pace", { words, band: `${band} ${unitOf("speed_mps")}` }) : words;
}

/** The large number: the run's target, or `chosen` where the run has none. Returns the name of what it shows. */
function focus(face, chosen, is_on, now_ms) {
  const target = newest("target", now_ms).value;
  const has_target = Boolean(target?.metric) && hasUnit(shownNameOf(target.metric));
  const name = has_target ? shownNameOf(target.metric) : chosen;
  const { value, is_old } = newest(name, now_ms);
  const is_blank = valueText(name, value) === DASH;
  const band = has_target ? bandOf(target, value) : { low: null, high: null };
  const edges = !is_blank && target?.place ? edgesOf(band) : "";
  const place = edges ? placeOf(target.place, value, band, uncertaintyOf(name)) : has_target ? "unknown" : "none";
  const n_more = decimalsMore(name, place, value, band);
  const text = valueText(name, value, undefined, n_more);
  face["focus-name"] = { text: w(`metrics.${name}.label`) };
  face["focus-unit"] = { text: unitOf(name) };
  const size = text.length > 4 ? "long" : text.length === 4 ? "middling" : "";
  face["focus-value"] = { text, size, age: is_blank ? "gone" : is_old ? "old" : "" };
  face["focus-note"] = { text: is_blank ? "" : glanceUncertainty(name, value, uncertaintyOf(name), n_more) };
  face["focus-words"] = placeWords(place, is_blank && is_on ? name : target?.metric, is_blank && is_on);
  face["focus-band"] = { text: edges ? `${w("live.motion.target")} ${bandWords(name, band, edges, n_more)}` : "" };
  face.focus = { place, edges };
  if (edges) face["gauge-mark"] = { at: String(markAt(value, band.low, band.high)) };
  return name;
}

/** "edge" for a number beyond its band by less than it may be wrong by: nobody knows which side it is on. */
function placeOf(place, value, { low = null, high = null }, sd) {
  const over = place === "below" && low !== null ? low - value : place === "above" && high !== null ? value - high : null;
  return over !== null && sd > 0 && over < K95 * sd ? "edge" : place;
}

/** How the number compares, or why that cannot be said: what is blank, or what it is compared with. */
function placeWords(place, name, is_waiting) {
  if (place === "none" && !is_waiting) return { text: w("live.motion.no_target"), tone: "quiet" };
  const is_known = place !== "none" && place !== "unknown";
  return { text: is_known ? w(`live.motion.${place}`) : whyWords(name, "short") || w("live.motion.waiting"), tone: "" };
}

/** One decimal more for a number out of its band, or near its edge, that would read as the edge itself. */
function decimalsMore(name, place, value, { low = null, high = null }) {
  if (place === "on" || place === "none" || place === "unknown") return 0;
  const text = valueText(name, value);
  return [low, high].some((edge) => edge !== null && valueText(name, edge) === text) ? 1 : 0;
}

function bandWords(name, { low, high }, edges, n_more) {
  const say = (edge) => valueText(name, edge, undefined, n_more);
  if (edges === "both") return w("live.motion.band", { low: say(low), high: say(high) });
  return edges === "low" ? w("live.motion.from", { low: say(low) }) : w("live.motion.upto", { high: say(high) });
}

/** Remembers what is shown and gives what is new; `diff(face, now_ms, true)` gives everything that differs. */
export function rememberShown() {
  const shown = new Map();
  let settled_ms = -Infinity;
  return function diff(face, now_ms, is_forced = false) {
    const is_second = face.clock.text !== shown.get("clock")?.text || now_ms - settled_ms >= SETTLE_MS;
    const is_due = is_forced || is_second || face.focus.place !== shown.get("focus")?.place;
    if (is_due) settled_ms = now_ms;
    const changes = {};
    for (const [slot, parts] of Object.entries(face)) {
      const was = shown.get(slot);
      const keeps = !is_due && CALM.has(slot) && was && isSettled(face, shown, slot);
      if (keeps) continue;
      for (const [part, text] of Object.entries(parts)) {
        if (was?.[part] !== text) (changes[slot] ??= {})[part] = text;
      }
      if (changes[slot]) shown.set(slot, { ...was, ...parts });
    }
    return changes;
  };
}

/** Whether a calm slot may wait for its second: its number has not become old, unknown or known meanwhile. */
function isSettled(face, shown, slot) {
  const number = slot.replace(/-note$/, "");
  const of = face[number] ? number : slot.replace(/-note$/, "-value");
  return (face[of]?.age ?? "") === (shown.get(of)?.age ?? "");
}

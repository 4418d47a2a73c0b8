// The focus number against its own target band. The coach compares with the runner's usual in percent; the page shows
// the number itself, with the band moved to the same scale.
import { find, setAttribute, setText } from "./dom.js";
import { newest } from "./live_values.js";
import { DASH, hasUnit, unitOf, valueText } from "./units.js";
import { w } from "./words.js";

// compared field: [field to show, how the comparison is made]
const SHOWN_AS = {
  step_length_vs_baseline_pct: ["step_length_m", "percent"],
  cadence_vs_baseline_pct: ["cadence_spm", "percent"],
  contact_time_vs_baseline_pct: ["contact_time_ms", "percent"],
  impact_vs_baseline_pct: ["impact_g", "percent"],
  axial_rotation_vs_baseline_pct: ["axial_rotation_deg", "percent"],
  foot_strike_angle_vs_baseline_deg: ["foot_strike_angle_deg", "difference"],
};

/** The target on the scale of the number shown: {name, value, low, high, place}. Pure. */
export function onShownScale(target, absolute) {
  const { metric, value, low, high, place } = target;
  const [name, how] = SHOWN_AS[metric] ?? [metric, "same"];
  if (how === "same" || absolute === null || absolute === undefined || value === null) {
    return { name: metric, value, low, high, place };
  }
  const usual = how === "percent" ? absolute / (1 + value / 100) : absolute - value;
  const move = (edge) => (edge === null || edge === undefined ? null : how === "percent" ? usual * (1 + edge / 100) : usual + edge);
  return { name, value: absolute, low: move(low), high: move(high), place };
}

/** Where band and mark stand on a gauge 400 wide. An open edge runs to the gauge's end. Pure. */
export function gaugeOf(value, low, high) {
  if (value === null || (low === null && high === null)) return null;
  const span = low !== null && high !== null ? Math.max(high - low, 1e-6) : Math.max(Math.abs(low ?? high) * 0.1, 1e-6);
  const left = (low ?? high - span) - span;
  const right = (high ?? low + span) + span;
  const at = (x) => Math.min(396, Math.max(4, (400 * (x - left)) / (right - left)));
  const start = low === null ? 0 : at(low);
  const end = high === null ? 400 : at(high);
  return { band_x: start, band_width: end - start, mark_x: at(value) - 4 };
}

const parts = {
  box: find("#focus"), name: find("#focus-name"), unit: find("#focus-unit"), value: find("#focus-value"),
  words: find("#focus-words"), band: find("#focus-band"), rect: find("#gauge-band"), mark: find("#gauge-mark"),
};

function bandWords({ name, low, high }) {
  const say = (edge) => `${valueText(name, edge)}`;
  if (low !== null && high !== null) return w("live.motion.band", { low: say(low), high: say(high) });
  return low !== null ? w("live.motion.from", { low: say(low) }) : w("live.motion.upto", { high: say(high) });
}

/** Paint the large number: the run's target, or `chosen` where the run has none. Returns the name of what it shows. */
export function paintFocus(chosen, is_on) {
  const { value: target, is_old: target_is_old } = newest("target");
  const shown = target?.metric ? onShownScale(target, newest(SHOWN_AS[target.metric]?.[0] ?? target.metric).value) : null;
  const name = shown?.name && hasUnit(shown.name) ? shown.name : chosen;
  const { value, is_old } = shown?.name === name ? { value: shown.value, is_old: target_is_old } : newest(name);
  const text = valueText(name, value);
  setText(parts.value, text);
  parts.value.classList.toggle("is-middling", text.length === 4);
  parts.value.classList.toggle("is-long", text.length > 4);
  parts.value.classList.toggle("is-old", is_old && text !== DASH);
  setText(parts.name, w(`metrics.${name}.label`));
  setText(parts.unit, unitOf(name));
  paintPlace(shown, text === DASH, is_on);
  return name;
}

function paintPlace(shown, is_blank, is_on) {
  const has_band = shown && (shown.low ?? shown.high ?? null) !== null;
  const place = has_band ? (is_blank || !shown.place ? "unknown" : shown.place) : "none";
  setAttribute(parts.box, "data-place", place);
  const words = { none: is_blank && is_on ? "waiting" : "no_target", unknown: "waiting" }[place] ?? place;
  setText(parts.words, w(`live.motion.${words}`));
  setText(parts.band, has_band && place !== "unknown" ? `${w("live.motion.target")} ${bandWords(shown)}` : "");
  const gauge = has_band && !is_blank ? gaugeOf(shown.value, shown.low, shown.high) : null;
  if (!gauge) return;
  setAttribute(parts.rect, "x", gauge.band_x.toFixed(1));
  setAttribute(parts.rect, "width", gauge.band_width.toFixed(1));
  setAttribute(parts.mark, "x", gauge.mark_x.toFixed(1));
}

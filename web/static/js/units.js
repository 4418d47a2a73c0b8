// SI values to text, by the table that the server gave: the same rules as web/units.py.
import { readData } from "./dom.js";
import { locale } from "./words.js";

let table = readData("unit-table", {});
export const DASH = "–";

/** A worker has no document: the page hands it the table. */
export const useUnits = (rows) => { table = rows; };

const writers = new Map();

/** `value` with so many decimals, in the signs of the page's language; nothing is grouped, and nothing has no minus. */
export function numberText(value, decimals) {
  const key = `${locale()} ${decimals}`;
  const options = { minimumFractionDigits: decimals, maximumFractionDigits: decimals, useGrouping: false };
  if (!writers.has(key)) writers.set(key, new Intl.NumberFormat(locale(), options));
  const text = Number(value.toFixed(decimals)); // rounded as the server rounds, and -0 is 0
  return writers.get(key).format(text === 0 ? 0 : text).replace("-", "\u2212");
}

/** `value` with no more decimals than it has, at most so many: for axes. */
export function shortText(value, most) {
  const text = String(Number(value.toFixed(most)));
  return numberText(value, (text.split(".")[1] ?? "").length);
}

/** What an SI value is multiplied by to be shown. */
export const factorOf = (name) => table[name]?.factor ?? 1;

/** Metres of one split in the runner's units: a kilometre or a mile. */
export const perSplit = () => table.speed_mps?.factor ?? 1000;

export const unitOf = (name) => table[name]?.unit ?? "";
export const hasUnit = (name) => name in table;

// Half of a 95 % interval in standard uncertainties: ± means this wherever it is written.
export const K95 = 1.96;

/** Decimals of a value and its ±: one more where the ± would read as nothing. */
function decimalsOf(scale, sd) {
  const half = Number.isFinite(sd) ? K95 * Math.abs(sd) * scale.factor : 0;
  return scale.decimals + (half > 0 && half < 0.5 * 10 ** -scale.decimals ? 1 : 0);
}

/**
 * The number of field `name` without its unit, as exact as its ± is written; a dash where unknown. sd: 1 SD. n_more:
 * further decimals, where two numbers would read alike.
 */
export function valueText(name, value, sd, n_more = 0) {
  if (value === null || value === undefined || !Number.isFinite(value)) return DASH;
  const scale = table[name] ?? { factor: 1, decimals: 1 };
  if (scale.is_pace) return paceText(value, scale.factor);
  return numberText(value * scale.factor, decimalsOf(scale, sd) + n_more);
}

/** The number after a ±, half of the 95 % interval; a bound where it is too small to be written. sd: 1 SD. */
export function uncertaintyText(name, sd) {
  const scale = table[name];
  if (!Number.isFinite(sd) || !scale || scale.is_pace) return "";
  const [size, decimals] = [K95 * Math.abs(sd) * scale.factor, decimalsOf(scale, sd)];
  const least = 10 ** -decimals;
  return size >= 0.5 * least || size === 0 ? numberText(size, decimals) : `<${numberText(least, decimals)}`;
}

/** `value` in the unit the runner reads; for plots and gauges. */
export const shownValue = (name, value) => (value === null || value === undefined ? null : value * (table[name]?.factor ?? 1));

/** At a glance: "±4", half of the 95 % interval, in the value's digits; "" where those digits are sure. sd: 1 SD. */
export function glanceUncertainty(name, value, sd, n_more = 0) {
  if (value === null || value === undefined || !(sd > 0)) return "";
  const scale = table[name] ?? { factor: 1, decimals: 1 };
  if (scale.is_pace) {
    const seconds = Math.round((scale.factor * K95 * sd) / (value * value));
    return value >= 0.3 && seconds > 0 ? `\u00b1${durationText(seconds)}` : "";
  }
  const [half, decimals] = [K95 * sd * scale.factor, scale.decimals + n_more];
  return half >= 0.5 * 10 ** -decimals ? `\u00b1${numberText(half, decimals)}` : "";
}

export function paceText(speed_mps, per_m = 1000) {
  if (!(speed_mps >= 0.3)) return DASH;
  const seconds = Math.round(per_m / speed_mps);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** m:ss, or h:mm:ss from an hour on. */
export function durationText(seconds) {
  if (!Number.isFinite(seconds)) return DASH;
  const whole = Math.floor(seconds);
  const two = (n) => String(n).padStart(2, "0");
  const minutes = Math.floor((whole % 3600) / 60);
  return whole >= 3600 ? `${Math.floor(whole / 3600)}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

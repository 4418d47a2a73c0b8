// SI values to text, by the table that the server gave: the same rules as web/units.py.
import { readData } from "./dom.js";

const table = readData("unit-table", {});
export const DASH = "–";

export const unitOf = (name) => table[name]?.unit ?? "";
export const hasUnit = (name) => name in table;

/** The number of field `name` without its unit; a dash where unknown. */
export function valueText(name, value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return DASH;
  const scale = table[name] ?? { factor: 1, decimals: 1 };
  if (scale.is_pace) return paceText(value, scale.factor);
  return (value * scale.factor).toFixed(scale.decimals).replace("-", "\u2212");
}

/** `value` in the unit the runner reads; for plots and gauges. */
export const shownValue = (name, value) => (value === null || value === undefined ? null : value * (table[name]?.factor ?? 1));

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

// The newest numbers, each with its own age: from 1 s on it is shown as old, from 3 s on as unknown.
import { setText } from "./dom.js";
import { DASH, valueText } from "./units.js";

export const OLD_S = 1;
export const GONE_S = 3;

const seen = new Map();

/** Take one `metrics` event. A value that is null keeps its age: it fades, and is a dash after 3 s. */
export function takeMetrics(metrics, now_ms = performance.now()) {
  for (const [name, value] of Object.entries(metrics)) {
    if (value !== null && value !== undefined) seen.set(name, { value, at_ms: now_ms });
  }
}

export const forgetAll = () => seen.clear();

/** {value, is_old}; value is null where it is unknown or older than 3 s. */
export function newest(name, now_ms = performance.now()) {
  const item = seen.get(name);
  const age_s = item ? (now_ms - item.at_ms) / 1000 : Infinity;
  return age_s > GONE_S ? { value: null, is_old: false } : { value: item.value, is_old: age_s > OLD_S };
}

/** Write a value's number into an element: dimmed when old, a dash when gone. */
export function paintValue(element, name, now_ms = performance.now()) {
  if (!element) return;
  const { value, is_old } = newest(name, now_ms);
  setText(element, value === null ? DASH : valueText(name, value));
  element.classList.toggle("is-old", is_old);
}

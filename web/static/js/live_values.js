// The newest numbers, each with its own age, uncertainty and reason: from 1 s on it is old, from 3 s on unknown.

const OLD_S = 1;
export const GONE_S = 3;

const seen = new Map();
let uncertainties = {};
let reasons = {};

/** Take one `metrics` event. A value that is null keeps its age: it fades, and is a dash after 3 s. */
export function takeMetrics(metrics, now_ms) {
  for (const [name, value] of Object.entries(metrics)) {
    if (value !== null && value !== undefined) seen.set(name, { value, at_ms: now_ms });
  }
  uncertainties = metrics.uncertainty ?? {};
  reasons = metrics.unknown ?? {};
}

export function forgetAll() {
  seen.clear();
  uncertainties = {};
  reasons = {};
}

/** {value, is_old}; value is null where it is unknown or older than 3 s. */
export function newest(name, now_ms) {
  const item = seen.get(name);
  const age_s = item ? (now_ms - item.at_ms) / 1000 : Infinity;
  return age_s > GONE_S ? { value: null, is_old: false } : { value: item.value, is_old: age_s > OLD_S };
}

/** One standard deviation of a field, null where the coach gives none. */
export const uncertaintyOf = (name) => uncertainties[name] ?? null;

/** Why a field is unknown: the coach's reason, or "" where it gives none. */
export const reasonOf = (name) => reasons[name] ?? "";

// The focus number against its own target band. The coach compares with the runner's usual in percent; the page shows
// the number itself, with the band moved to the same scale. Pure.

// compared field: [field to show, how the comparison is made]
const SHOWN_AS = {
  step_length_vs_baseline_pct: ["step_length_m", "percent"],
  cadence_vs_baseline_pct: ["cadence_spm", "percent"],
  contact_time_vs_baseline_pct: ["contact_time_ms", "percent"],
  impact_vs_baseline_pct: ["impact_g", "percent"],
  axial_rotation_vs_baseline_pct: ["axial_rotation_deg", "percent"],
  foot_strike_angle_vs_baseline_deg: ["foot_strike_angle_deg", "difference"],
};

/** The field that is shown for a target's metric. */
export const shownNameOf = (metric) => SHOWN_AS[metric]?.[0] ?? metric;

/** The target's band on the scale of the number shown, `absolute`: {low, high}, null where open or not known. */
export function bandOf({ metric, value, low = null, high = null }, absolute) {
  const how = SHOWN_AS[metric]?.[1];
  if (!how) return { low, high };
  if (absolute === null || value === null || value === undefined) return { low: null, high: null };
  const usual = how === "percent" ? absolute / (1 + value / 100) : absolute - value;
  const move = (edge) => (edge === null ? null : how === "percent" ? usual * (1 + edge / 100) : usual + edge);
  return { low: move(low), high: move(high) };
}

/** Which edges the band has: "both", "low" (it goes on upwards), "high", or "" for no band. */
export const edgesOf = ({ low = null, high = null }) =>
  low !== null && high !== null ? "both" : low !== null ? "low" : high !== null ? "high" : "";

/**
 * The place of `value` on a gauge whose band is its middle third (or two thirds to one side), in whole percent: the
 * mark moves when that can be seen, and not for less. An edge of the band is never crossed by rounding.
 */
export function markAt(value, low = null, high = null) {
  const span = low !== null && high !== null ? Math.max(high - low, 1e-6) : Math.max(Math.abs(low ?? high) * 0.1, 1e-6);
  const left = (low ?? high - span) - span;
  const right = (high ?? low + span) + span;
  const at = Math.round((100 * (value - left)) / (right - left));
  if (low !== null && value < low) return Math.max(1, Math.min(at, 32));
  if (high !== null && value > high) return Math.min(99, Math.max(at, 68));
  return Math.min(high === null ? 99 : 66, Math.max(low === null ? 1 : 34, at));
}

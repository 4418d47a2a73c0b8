// What happened on this phone, for who builds the coach: one file that the runner sends by hand. No address, no name, no
// pain, no position: kinds and places of sensors, counts, times since the page was opened, and what went wrong.
const MOST = 200;
const began_ms = performance.now();
const happened = [];

/** Remember one thing: what, and facts that name nobody. */
export function noteDown(what, facts = {}) {
  happened.push({ at_s: Math.round((performance.now() - began_ms) / 100) / 10, what, ...facts });
  if (happened.length > MOST) happened.splice(0, happened.length - MOST);
}

/** The report as text. facts: versions and figures; reports: of the core's sensors. */
export function reportOf(facts, reports) {
  const sensors = reports.map(({ profile_id, wear_site, n_notifications, n_samples, n_missing, n_bad_packets, n_duplicates, rate_hz, last_error }) =>
    ({ profile_id, wear_site, n_notifications, n_samples, n_missing, n_bad_packets, n_duplicates, rate_hz, last_error }));
  return JSON.stringify({ ...facts, browser: navigator.userAgent, sensors, happened }, null, 1);
}

/** Have the browser save a text as a file. */
export function save(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

// What is among the links of a run's sensors and is none: where the run is kept (coach/live/run_log.py). Pure.

const KEPT = { recording: "log_", database: "database_" };

/** What the keys of words of such a link begin with; "" for a sensor. */
export const keptIn = (id) => KEPT[id] ?? "";

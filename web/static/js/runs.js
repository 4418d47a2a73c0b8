// One run: plots over time with one cursor, a choice of measures, and the averages of a selected stretch.
import { get } from "./api.js";
import { find, findAll, make, on, readData, setText } from "./dom.js";
import "./runs_share.js";
import { cueLane } from "./runs_cues.js";
import { followWidth, timePlot } from "./runs_plot.js";
import { uncertaintyText, durationText, hasUnit, unitOf, valueText } from "./units.js";
import { w } from "./words.js";

const FIRST = ["speed_mps", "step_length_m", "cadence_spm", "contact_time_ms"];
const STRETCH = ["cadence_spm", "step_length_m", "contact_time_ms", "flight_time_ms", "foot_strike_angle_deg", "impact_g",
  "vertical_oscillation_mm", "heart_rate_bpm"];
const marks = readData("run-plot", {});
const place = find("#plots");
const state = find("#plots-state");
let series = null;
let chosen = [];
let plots = [];
let stretch = null;

const path = (what) => `/runs/${encodeURIComponent(marks.run_id)}/${what}`;

/** Seconds of `mm:ss`, `h:mm:ss` or plain seconds; null where it is none. */
function seconds(text) {
  const parts = text.trim().split(":").map((part) => Number(part.replace(",", ".")));
  return text.trim() && parts.every((n) => Number.isFinite(n) && n >= 0) ? parts.reduce((sum, n) => 60 * sum + n, 0) : null;
}

function draw() {
  for (const one of plots) one.plot.destroy();
  const shared = { sync: "run", onSelect: select };
  plots = chosen.map((name) => timePlot(name, [series.t_s, series.values[name]], { ...shared, marks }));
  if (marks.cues.length) plots.splice(1, 0, cueLane(series.t_s, { cues: marks.cues, ...marks.response }, shared));
  place.replaceChildren(...plots.map((one) => one.root));
  for (const one of plots) one.resize();
}

function showChoice() {
  const box = find("#plot-choice");
  for (const name of Object.keys(series.values)) {
    const button = make("button", { type: "button", className: "button", textContent: w(`metrics.${name}.short`), "aria-pressed": String(chosen.includes(name)) });
    button.addEventListener("click", () => {
      chosen = chosen.includes(name) ? chosen.filter((one) => one !== name) : Object.keys(series.values).filter((one) => one === name || chosen.includes(one));
      button.setAttribute("aria-pressed", String(chosen.includes(name)));
      draw();
    });
    box.append(button);
  }
  box.hidden = false;
}

async function load(query = "") {
  try {
    series = await get(path(`series${query}`));
  } catch (error) {
    setText(state, w("runs.plot.failed", { words: error.message }));
    return;
  }
  const known = Object.keys(series.values);
  if (!known.length) { setText(state, w("runs.plot.none")); return; }
  chosen = chosen.filter((name) => known.includes(name));
  if (!chosen.length) chosen = FIRST.filter((name) => known.includes(name));
  if (!chosen.length) chosen = known.slice(0, 3);
  draw();
}

async function select(start_s, end_s) {
  stretch = [Math.max(0, Math.floor(start_s)), Math.ceil(end_s)];
  find("#stretch-from").value = durationText(stretch[0]);
  find("#stretch-to").value = durationText(stretch[1]);
  const box = find("#stretch");
  try {
    const summary = await get(path(`stretch?start_s=${stretch[0]}&end_s=${stretch[1]}`));
    box.replaceChildren(make("h3", { textContent: `${w("runs.plot.stretch")}: ${durationText(stretch[0])} – ${durationText(stretch[1])}` }), tiles(summary));
  } catch (error) {
    box.replaceChildren(make("p", { textContent: error.message }));
  }
}

function tiles(summary) {
  const list = make("dl", { className: "tiles" });
  const add = (label, value, unit, sd) => {
    const dd = make("dd", {}, make("span", { className: "figure", textContent: value }), make("span", { className: "figure-unit", textContent: unit }));
    if (sd) dd.append(make("span", { className: "figure-sd", textContent: ` ± ${sd}` }));
    list.append(make("div", { className: "number-tile" }, make("dt", { textContent: label }), dd));
  };
  if (summary.distance_m !== null) add(w("metrics.distance_m.label"), valueText("distance_m", summary.distance_m), unitOf("distance_m"));
  if (summary.speed_mps !== null) add(w("metrics.speed_mps.label"), valueText("speed_mps", summary.speed_mps), unitOf("speed_mps"));
  for (const name of STRETCH) {
    if (summary[name] === null || !hasUnit(name)) continue;
    const sd = summary.uncertainty[name];
    add(w(`metrics.${name}.label`), valueText(name, summary[name], sd), unitOf(name), uncertaintyText(name, sd));
  }
  return list;
}

function zoom(range) {
  const query = range ? `?start_s=${range[0]}&end_s=${range[1]}` : "";
  return load(query);
}

on("#stretch-form", "submit", (event) => {
  event.preventDefault();
  const start = seconds(find("#stretch-from").value);
  const end = seconds(find("#stretch-to").value);
  if (start !== null && end !== null && end > start) void select(start, end);
});
on("#stretch-zoom", "click", () => { if (stretch) void zoom(stretch); });
for (const button of findAll("[data-cue-s]")) {
  button.addEventListener("click", () => {
    const at_s = Number(button.dataset.cueS);
    find("#plots-card").scrollIntoView();
    void select(at_s - 60, at_s + 60).then(() => zoom(stretch));
  });
}
on("#stretch-whole", "click", () => { stretch = null; find("#stretch").replaceChildren(); void zoom(null); });
document.addEventListener("themechange", () => { if (series) draw(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (series) draw(); });

/** Everything beyond the story is drawn when it is asked for; who wants it always keeps it open. */
const KEY = "run-details";
async function detailsOpen() {
  const details = find("#details");
  if (!details) return;
  let is_kept = false;
  try { is_kept = localStorage.getItem(KEY) === "open"; } catch { /* private mode */ }
  if (is_kept || location.hash) details.open = true;
  details.addEventListener("toggle", () => { try { localStorage.setItem(KEY, details.open ? "open" : ""); } catch { /* private mode */ } });
  while (!details.open) await new Promise((go) => { details.addEventListener("toggle", go, { once: true }); });
}

if (place) {
  await detailsOpen();
  await load();
  if (plots.length) {
    showChoice();
    find("#stretch-form").hidden = false;
    followWidth(place, () => plots);
  }
}

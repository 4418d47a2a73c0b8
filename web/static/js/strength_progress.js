// The progress page: every series on one time axis, the eight weeks shaded, the moments of measuring marked, and
// 95 % intervals drawn where they are known. The axis keeps to the programme, or to the last twelve weeks without one:
// an old import must not press eight weeks into a sliver. The runner may look further back.
import uPlot from "../vendor/uplot-1.6.32.min.js";
import { find, make, readData } from "./dom.js";
import { factorOf, hasUnit, K95, unitOf } from "./units.js";
import { locale, w } from "./words.js";

const progress = readData("progress-data");
const test_names = readData("test-names", {});
const DAY_S = 86400;
const charts = [];

const seconds = (at) => Date.parse(at) / 1000;
const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const has = (name) => (progress.series[name] ?? []).length > 0;
const start_s = progress.start ? seconds(`${progress.start}T00:00:00Z`) : null;

const now_s = Date.now() / 1000;
const moments = Object.values(progress.series).flat().map((point) => seconds(point.at));
const BREAK_S = 60 * DAY_S; // no line is drawn across a longer time without a value (chosen by judgement)
const BACK_S = 14 * DAY_S; // shown before the programme: where the runner came from
const RANGES = {
  programme: start_s === null ? null : [start_s - BACK_S, Math.max(start_s + 63 * DAY_S, now_s + 2 * DAY_S)],
  weeks: [now_s - 84 * DAY_S, now_s + 2 * DAY_S],
  year: [now_s - 366 * DAY_S, now_s + 7 * DAY_S],
  all: [Math.min(...moments, now_s - 28 * DAY_S), Math.max(...moments, now_s)],
};
let chosen_range = RANGES.programme ? "programme" : "weeks";

function range() {
  const [low, high] = RANGES[chosen_range];
  const margin = 0.02 * (high - low);
  return [low - margin, high + margin];
}

const is_seen = (point) => { const [low, high] = range(); return seconds(point.at) >= low && seconds(point.at) <= high; };

function chooseRange() {
  const box = find("#range");
  if (!box) return;
  for (const button of box.querySelectorAll("[data-range]")) {
    button.hidden = !RANGES[button.dataset.range];
    button.setAttribute("aria-pressed", String(button.dataset.range === chosen_range));
    button.addEventListener("click", () => {
      chosen_range = button.dataset.range;
      for (const one of box.querySelectorAll("[data-range]")) one.setAttribute("aria-pressed", String(one === button));
      paintAll();
    });
  }
  box.hidden = !moments.length;
}

/** The weeks of the programme and the moments of measuring, behind the lines. */
function drawWeeks(plot) {
  if (start_s === null) return;
  const { ctx, bbox } = plot;
  const x = (at) => Math.round(plot.valToPos(at, "x", true));
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = token("--sunk");
  ctx.fillRect(x(start_s), bbox.top, x(start_s + 56 * DAY_S) - x(start_s), bbox.height);
  ctx.strokeStyle = token("--strong-line");
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 4 * devicePixelRatio]);
  for (const view of progress.milestones) {
    const at = x(seconds(view.milestone.due_at));
    ctx.beginPath();
    ctx.moveTo(at, bbox.top);
    ctx.lineTo(at, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

function drawBars(plot, lines) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.setLineDash([]);
  lines.forEach((line, index) => {
    ctx.strokeStyle = token(`--plot-${(index % 4) + 1}`);
    ctx.lineWidth = 1.5 * devicePixelRatio;
    for (const point of progress.series[line.name] ?? []) {
      if (!point.sd) continue;
      const x = plot.valToPos(seconds(point.at), "x", true);
      ctx.beginPath();
      ctx.moveTo(x, plot.valToPos((point.value - K95 * point.sd) * line.factor, "y", true));
      ctx.lineTo(x, plot.valToPos((point.value + K95 * point.sd) * line.factor, "y", true));
      ctx.stroke();
    }
  });
  ctx.restore();
}

/** The lowest and highest value with its uncertainty, and a little room. */
function span(lines) {
  const seen = lines.flatMap((line) => line.points.filter(is_seen));
  const all = lines.flatMap((line) => line.points.filter((point) => !seen.length || is_seen(point)).flatMap((point) => [-K95, K95].map((n) => (point.value + n * (point.sd ?? 0)) * line.factor)));
  const low = Math.min(...all);
  const high = Math.max(...all);
  const margin = (high - low || Math.abs(high) || 1) * 0.08;
  return [low >= 0 ? Math.max(0, low - margin) : low - margin, high + margin];
}

const day = new Intl.DateTimeFormat(locale(), { day: "numeric", month: "short" });
const month = new Intl.DateTimeFormat(locale(), { month: "short", year: "numeric" });

/** Dates of the axis: the year is shown where more than one is shown, and at least once. */
function dates(at) {
  const moments_shown = at.map((s) => new Date(s * 1000));
  const is_long = at.length > 1 && at.at(-1) - at[0] > 300 * DAY_S;
  return moments_shown.map((moment, i) => {
    if (is_long) return month.format(moment);
    const is_new_year = i === 0 || moment.getFullYear() !== moments_shown[i - 1].getFullYear();
    return is_new_year ? `${day.format(moment)}\n${moment.getFullYear()}` : day.format(moment);
  });
}

/** Digits of the y axis, as many as its steps need, and its width. */
function ticks(at) {
  const step = at.length > 1 ? Math.abs(at[1] - at[0]) : 1;
  const decimals = Math.max(0, Math.min(3, Math.ceil(-Math.log10(step) - 1e-9)));
  return at.map((value) => value.toLocaleString(locale(), { minimumFractionDigits: decimals, maximumFractionDigits: decimals }));
}
const widthOf = (_, words) => 14 + 8 * Math.max(3, ...(words ?? []).map((text) => text.length));

/** Moments in the midst of long times without a value of this line. */
function breaksOf(line) {
  const at = line.points.map((point) => seconds(point.at)).sort((a, b) => a - b);
  return at.slice(1).flatMap((s, i) => (s - at[i] > BREAK_S ? [(s + at[i]) / 2] : []));
}

/** lines: [{name, label, factor}]; several series joined on one time axis. */
function table(lines) {
  const points = lines.filter((line) => !line.is_study).flatMap((line) => breaksOf(line).concat(line.points.map((point) => seconds(point.at))));
  const study_times = lines.filter((line) => line.is_study).flatMap((line) => line.points.map((point) => seconds(point.at)));
  const times = [...new Set([...points, ...study_times])].sort((a, b) => a - b);
  const columns = lines.map((line) => {
    const known = new Map(line.points.map((point) => [seconds(point.at), point.value * line.factor]));
    const breaks = new Set(line.is_study ? [] : breaksOf(line));
    // undefined is joined over, null breaks the line: another line's moments are no gap, a long silence is one.
    return times.map((at) => known.get(at) ?? (breaks.has(at) ? null : undefined));
  });
  return [times, ...columns];
}

function legend(lines) {
  const list = make("ul", { className: "chart-legend" });
  lines.forEach((line, index) => {
    const key = make("span", { className: `key key-${line.is_study ? 6 : (index % 4) + 1}` });
    list.append(make("li", {}, key, line.label));
  });
  return list;
}

function numbers(lines) {
  const body = make("tbody");
  for (const line of lines.filter((one) => !one.is_study)) {
    for (const point of line.points) {
      const value = point.value * line.factor;
      const sd = point.sd ? ` ± ${(K95 * point.sd * line.factor).toPrecision(2)}` : "";
      body.append(make("tr", {}, make("td", { textContent: point.at.slice(0, 10) }), make("td", { textContent: line.label }),
        make("td", { className: "number", textContent: `${Math.round(value * 1000) / 1000}${sd}` })));
    }
  }
  const head = make("thead", {}, make("tr", {}, make("th", { textContent: w("progress.time") }), make("th"), make("th", { className: "number", textContent: w("progress.value") })));
  const summary = make("summary", { textContent: w("progress.table") });
  return make("details", {}, summary, make("div", { className: "scroll" }, make("table", {}, head, body)));
}

function chart(title, lines, scale = {}) {
  lines = lines.filter((line) => line.points.length);
  if (!lines.length) return;
  const place = make("div", { className: "chart", role: "img" });
  const card = make("section", { className: "card" }, make("h2", { textContent: title }), place, legend(lines), numbers(lines));
  find("#charts").append(card);
  charts.push({ title, place, lines, scale, plot: null });
}

function paint(one) {
  one.plot?.destroy();
  const [from, to] = range().map((s) => month.format(new Date(s * 1000)));
  one.place.setAttribute("aria-label", `${one.title}: ${one.lines.map((line) => line.label).join(", ")}. ${w("progress.from_to", { from, to })}`);
  const grid = { stroke: token("--line"), width: 1 };
  const axis = { stroke: token("--soft"), grid, ticks: grid, font: "13px system-ui, sans-serif" };
  const series = one.lines.map((line, index) => ({
    label: line.label,
    stroke: line.is_study ? token("--strong-line") : token(`--plot-${(index % 4) + 1}`),
    width: line.is_study ? 1.5 : 2.5,
    dash: line.is_study ? [6, 6] : undefined,
    points: { show: !line.is_study, size: 8, fill: token("--card"), width: 2 },
    spanGaps: false,
  }));
  one.plot = new uPlot({
    width: Math.max(200, one.place.clientWidth),
    height: 240,
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    scales: { x: { range: range() }, y: { range: one.scale.range ?? span(one.lines) } },
    axes: [{ ...axis, space: 76, size: 48, values: (_, at) => dates(at) }, { ...axis, size: widthOf, values: (_, at) => ticks(at) }],
    series: [{}, ...series],
    hooks: { drawClear: [drawWeeks], draw: [(plot) => drawBars(plot, one.lines.filter((line) => !line.is_study))] },
  }, table(one.lines), one.place);
}

const inUnits = (name) => (hasUnit(name) ? { label: `${w(`progress.series.${name}`)} (${unitOf(name)})`, factor: factorOf(name) } : { label: w(`progress.series.${name}`), factor: 1 });
const line = (name, label = inUnits(name).label, factor = inUnits(name).factor) => ({ name, label, factor, points: progress.series[name] ?? [] });

function study() {
  const first = (progress.series.step_length_m ?? [])[0];
  if (!first || start_s === null) return { name: "", label: "", factor: 1, points: [] };
  const from = Math.max(start_s, seconds(first.at));
  const at = (s) => new Date(s * 1000).toISOString();
  const points = [{ at: at(from), value: first.value }, { at: at(start_s + 183 * DAY_S), value: first.value + progress.study_step_cm / 100 }];
  return { name: "study", label: w("progress.series.study"), factor: factorOf("step_length_m"), points, is_study: true };
}

function tests(prefix) {
  return Object.keys(progress.series).filter((name) => name.startsWith(prefix));
}

const test_label = (name) => {
  const [, id, detail] = name.split(":");
  return [test_names[id]?.name ?? id, detail].filter(Boolean).join(", ");
};

chart(w("progress.chart.pain"), ["pain_running", "pain_next_morning", "pain_worst", "pain_now", "pain_before", "pain_after"].filter(has).slice(0, 4).map((name) => line(name)), { range: [0, 10] });
if ((progress.series.load_kg ?? []).some((point) => point.value > 0)) chart(w("progress.chart.load"), [line("load_kg")]);
chart(w("progress.chart.work"), ["reps", "hold_s"].filter(has).map((name) => line(name)));
chart(w("progress.chart.function"), tests("test:psfs").map((name) => line(name, name.split(":")[2] ?? test_label(name))), { range: [0, 10] });
for (const name of tests("test:")) {
  if (!name.startsWith("test:psfs") && !name.startsWith("test:pain")) chart(`${test_label(name)} (${test_names[name.split(":")[1]]?.unit ?? ""})`, [line(name, test_label(name))]);
}
chart(w("progress.chart.step_length_m"), has("step_length_m") ? [line("step_length_m"), study()] : []);
chart(w("progress.chart.cadence_spm"), [line("cadence_spm")]);
chart(w("progress.chart.impacts_per_km"), [line("impacts_per_km")]);

const paintAll = () => charts.forEach(paint);
chooseRange();
paintAll();
document.addEventListener("themechange", paintAll);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paintAll);
let width = window.innerWidth;
window.addEventListener("resize", () => { if (window.innerWidth !== width) { width = window.innerWidth; paintAll(); } });

// A measure over many runs: points with their 95 % intervals, the line of change, and the programme's weeks.
import uPlot from "../vendor/uplot-1.6.32.min.js";
import { find, make, readData, setText } from "./dom.js";
import { colours } from "./runs_plot.js";
import { uncertaintyText, K95, shortText, shownValue, unitOf, valueText } from "./units.js";
import { locale, w } from "./words.js";

const read = readData("trend", { at_s: [] });
const { metric, per_week, programme_start } = read;
const times = read.at_s;
const points = times.map((_, i) => ({ value: read.value[i], se: read.se[i], is_measured_there: read.is_measured_there[i] === 1 }));
const place = find("#trend-plot");
const WEEK_S = 7 * 86400;
const WEEKS = 8;
const shown = (value) => shownValue(metric, value);

/** The robust line through the middle of the points, with the change per week as its slope. */
function line() {
  if (per_week === null) return times.map(() => null);
  const middle = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
  const level = middle(points.map((point, i) => point.value - (per_week * times[i]) / WEEK_S));
  return times.map((t) => shown(level + (per_week * t) / WEEK_S));
}

/** The programme as one band, its weeks numbered while there is room. */
function drawProgramme(plot, paint) {
  const start = Date.parse(programme_start ?? "") / 1000;
  if (!Number.isFinite(start)) return;
  const { ctx, bbox } = plot;
  const px = devicePixelRatio;
  const x = (week) => plot.valToPos(start + week * WEEK_S, "x", true);
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = paint.band;
  ctx.fillRect(x(0), bbox.top, x(WEEKS) - x(0), bbox.height);
  ctx.fillStyle = ctx.strokeStyle = paint.soft;
  ctx.font = `${11 * px}px system-ui, sans-serif`;
  ctx.textAlign = "center";
  const width = x(1) - x(0);
  const words = w("runs.trend.programme");
  if (width * WEEKS > ctx.measureText(words).width + 12 * px) ctx.fillText(words, (x(0) + x(WEEKS)) / 2, bbox.top + 14 * px);
  for (let week = 0; width > 18 * px && week < WEEKS; week += 1) ctx.fillText(String(week + 1), (x(week) + x(week + 1)) / 2, bbox.top + bbox.height - 6 * px);
  ctx.restore();
}

function drawPoints(plot, paint) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.strokeStyle = paint.series[0];
  const with_bars = points.length < 400;
  points.forEach((point, i) => {
    const x = plot.valToPos(times[i], "x", true);
    const y = (value) => plot.valToPos(shown(value), "y", true);
    ctx.beginPath();
    if (with_bars) {
      ctx.moveTo(x, y(point.value - K95 * point.se));
      ctx.lineTo(x, y(point.value + K95 * point.se));
      ctx.stroke();
    }
    ctx.beginPath();
    ctx.arc(x, y(point.value), (with_bars ? 5 : 2) * devicePixelRatio, 0, 7);
    ctx.fillStyle = point.is_measured_there ? paint.series[0] : getComputedStyle(document.documentElement).getPropertyValue("--card");
    ctx.fill();
    ctx.stroke();
  });
  ctx.restore();
}

/** A day of room on both sides; a week about a single run, which the plot would give years. */
function daysShown(_, from_s, to_s) {
  return times.length === 1 ? [times[0] - WEEK_S, times[0] + WEEK_S] : [from_s - WEEK_S / 7, to_s + WEEK_S / 7];
}

function dayText(at_s, has_year) {
  return new Date(1000 * at_s).toLocaleDateString(locale(), { day: "numeric", month: "short", ...(has_year && { year: "numeric" }) });
}

/** Dates of the axis; the year where it begins. */
function dates(splits) {
  const year = (at_s) => new Date(1000 * at_s).getFullYear();
  const is_long = year(splits[0]) !== year(splits[splits.length - 1]);
  return splits.map((at_s, i) => (is_long && (i === 0 || year(at_s) !== year(splits[i - 1])) ? dayText(at_s, true) : dayText(at_s, false)));
}

let plot = null;
function draw() {
  plot?.destroy();
  const paint = colours();
  const now = make("p", { className: "plot-now small" });
  const body = make("div", { role: "img", "aria-label": w("runs.plot.picture", { name: w(`metrics.${metric}.label`) }) });
  place.replaceChildren(body, now);
  const common = { stroke: paint.soft, grid: { stroke: paint.line, width: 1 }, ticks: { stroke: paint.line, width: 1 }, font: "12px system-ui, sans-serif" };
  const extent = (_, low, high) => {
    const lows = points.map((p) => shown(p.value - K95 * p.se));
    const highs = points.map((p) => shown(p.value + K95 * p.se));
    const [a, b] = [Math.min(low ?? Infinity, ...lows), Math.max(high ?? -Infinity, ...highs)];
    const room = 0.08 * (b - a || 1);
    return [a - room, b + room];
  };
  plot = new uPlot({
    width: Math.max(280, place.clientWidth), height: 300, legend: { show: false },
    scales: { x: { time: true, range: daysShown }, y: { range: extent } },
    series: [{}, { stroke: "transparent", points: { show: false } }, { stroke: paint.series[1], width: 2, points: { show: false } }],
    axes: [{ ...common, ticks: { show: false }, size: 30, space: 64, values: (_, splits) => dates(splits) }, { ...common, ticks: { show: false }, size: 56, values: (_, ticks) => ticks.map((tick) => shortText(tick, 3)) }],
    cursor: { y: false, drag: { x: true, y: false }, points: { show: false } },
    hooks: {
      drawClear: [(one) => drawProgramme(one, paint)],
      draw: [(one) => drawPoints(one, paint)],
      setCursor: [(one) => {
        const i = one.cursor.idx;
        const point = points[i];
        setText(now, point ? `${dayText(times[i], true)}: ${valueText(metric, point.value, point.se)} ± ${uncertaintyText(metric, point.se)} ${unitOf(metric)}` : w("runs.trend.point"));
      }],
    },
  }, [times, points.map((point) => shown(point.value)), line()], body);
  setText(now, w("runs.trend.point"));
  plot.over.addEventListener("click", () => {
    const id = read.run_id[plot.cursor.idx];
    if (id && plot.select.width < 3) location.assign(`/runs/${encodeURIComponent(id)}`);
  });
}

if (place && points.length) {
  draw();
  document.addEventListener("themechange", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  new ResizeObserver(() => { if (plot && place.clientWidth > 0 && place.clientWidth !== plot.width) plot.setSize({ width: place.clientWidth, height: 300 }); }).observe(place);
}

// One measure over time as a uPlot: colours from the page, the runner's units, marks for laps, pauses and cues.
import uPlot from "../vendor/uplot-1.6.32.min.js";
import { make, setText } from "./dom.js";
import { DASH, durationText, shortText, shownValue, unitOf, valueText } from "./units.js";
import { w } from "./words.js";

const HEIGHT = 164;
export const GUTTER = 52;
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
const PACE_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300];
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Colours of the present theme; read again when the theme changes. */
export const colours = () => ({
  ink: css("--ink"), card: css("--card"), soft: css("--soft"), line: css("--line"), band: css("--plot-band"),
  series: [css("--plot-1"), css("--plot-2"), css("--plot-3"), css("--plot-4")],
});

const isPace = (name) => name === "speed_mps";
const label = (name, value) => (value === null || value === undefined ? DASH : valueText(name, value));

/** Speed is drawn as speed (faster is higher) and written as pace: ticks at round paces, well apart on the axis. */
function paceTicks(_plot, _axis, low, high) {
  const per_m = shownValue("speed_mps", 1);
  const [fast, middle, slow] = [high, (low + high) / 2, Math.max(low, 0.3)].map((speed) => per_m / speed);
  const step = PACE_STEPS.find((one) => (middle - fast) / one <= 2.5) ?? 600;
  const speeds = [];
  for (let pace = Math.ceil(fast / step) * step; pace <= slow; pace += step) {
    const speed = per_m / pace;
    if (!speeds.length || speeds[speeds.length - 1] - speed >= (high - low) / 6) speeds.push(speed);
  }
  return speeds.reverse();
}

const text = (value) => shortText(value, 3);

/** The axis of time that all plots of a run share. */
export function axisOfTime(paint) {
  return {
    stroke: paint.soft, grid: { stroke: paint.line, width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif",
    values: (_, splits) => splits.map(durationText), space: 64, size: 26, gap: 6, incrs: TIME_STEPS,
  };
}

function axes(name, paint) {
  const { incrs, ...upright } = axisOfTime(paint);
  const values = (_, splits) => splits.map((value) => (isPace(name) ? valueText(name, value) : text(value)));
  const pace = isPace(name) ? { splits: paceTicks } : {};
  return [{ ...upright, incrs }, { ...upright, values, size: GUTTER, space: 26, ...pace }];
}

/** A finger that moves sideways chooses a stretch as a mouse does; one that moves up or down scrolls the page. */
export function touchable(plot) {
  const { over } = plot;
  let from = null;
  const left = (event) => Math.min(over.clientWidth, Math.max(0, event.clientX - over.getBoundingClientRect().left));
  const show = (to, isDone) => {
    plot.setCursor({ left: to, top: over.clientHeight / 2 }, true, true);
    plot.setSelect({ left: Math.min(from, to), width: Math.abs(to - from), top: 0, height: over.clientHeight }, isDone);
  };
  over.addEventListener("pointerdown", (event) => { if (event.pointerType === "touch") from = left(event); });
  over.addEventListener("pointermove", (event) => { if (from !== null) show(left(event), false); });
  over.addEventListener("pointerup", (event) => {
    if (from !== null && Math.abs(left(event) - from) > 10) show(left(event), true);
    from = null;
  });
  over.addEventListener("pointercancel", () => { from = null; });
}

/** Pauses as bands, laps and cues as lines; below the data. */
function drawMarks(marks, paint) {
  return (plot) => {
    const { ctx, bbox } = plot;
    const x = (t_s) => plot.valToPos(t_s, "x", true);
    const inside = (t_s) => t_s >= plot.scales.x.min && t_s <= plot.scales.x.max;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.fillStyle = paint.line;
    for (const [start, end] of marks.pauses ?? []) ctx.fillRect(x(start), bbox.top, x(end) - x(start), bbox.height);
    ctx.lineWidth = devicePixelRatio;
    const line = (t_s, colour, dash) => {
      ctx.strokeStyle = colour;
      ctx.setLineDash(dash);
      ctx.beginPath();
      ctx.moveTo(x(t_s), bbox.top);
      ctx.lineTo(x(t_s), bbox.top + bbox.height);
      ctx.stroke();
    };
    for (const lap of (marks.laps ?? []).slice(1)) if (inside(lap.start_s)) line(lap.start_s, paint.soft, [4, 4]);
    for (const cue of marks.cues ?? []) {
      if (!inside(cue.t_s)) continue;
      line(cue.t_s, paint.series[1], []);
    }
    ctx.restore();
  };
}

/**
 * A plot of one measure. data: [t_s, values, ...] in SI. names: legend of each line.
 * onSelect(start_s, end_s): called when a stretch was dragged. Returns {root, plot, redraw, resize}.
 * @param {string} name
 * @param {any[]} data
 * @param {{ sync?: string, marks?: any, names?: string[], onSelect?: (start_s: number, end_s: number) => void, height?: number }} [options]
 */
export function timePlot(name, data, { sync, marks = {}, names = [], onSelect, height = HEIGHT } = {}) {
  const paint = colours();
  const now = make("span", { className: "plot-now" });
  const title = `${w(`metrics.${name}.label`)} (${unitOf(name)})`;
  const head = make("div", { className: "plot-head" }, make("span", { textContent: title }), now);
  const body = make("div", { role: "img", "aria-label": w("runs.plot.picture", { name: title }) });
  const root = make("div", { className: "plot" }, head, body);
  const shown = isPace(name) ? data : [data[0], ...data.slice(1).map((line) => line.map((v) => shownValue(name, v)))];
  const lines = data.slice(1).map((_, i) => ({
    label: names[i] ?? title, stroke: paint.series[i % 4], width: 1.75, fill: data.length === 2 ? `${paint.series[0]}1c` : undefined, points: { show: false }, spanGaps: false,
  }));
  const options = {
    width: 320,
    height,
    legend: { show: false },
    scales: { x: { time: false } },
    series: [{}, ...lines],
    axes: axes(name, paint),
    cursor: { sync: { key: sync, setSeries: false }, drag: { x: true, y: false, setScale: false }, points: { size: 8 } },
    hooks: {
      drawClear: [drawMarks(marks, paint)],
      setCursor: [(plot) => {
        const i = plot.cursor.idx;
        const at = i === null || i === undefined ? null : data[0][i];
        const values = at === null ? "" : data.slice(1).map((line, k) => `${names[k] ? `${names[k]} ` : ""}${label(name, line[i])}`).join(" · ");
        setText(now, at === null ? "" : `${durationText(at)}  ${values} ${unitOf(name)}`);
      }],
      setSelect: [(plot) => {
        if (!onSelect || plot.select.width < 3) return;
        onSelect(plot.posToVal(plot.select.left, "x"), plot.posToVal(plot.select.left + plot.select.width, "x"));
      }],
    },
  };
  const plot = new uPlot(options, shown, body);
  touchable(plot);
  const resize = () => { if (body.clientWidth > 0 && body.clientWidth !== plot.width) plot.setSize({ width: body.clientWidth, height }); };
  return { name, root, plot, resize };
}

/** Keep plots as wide as their place. */
export function followWidth(place, plots) {
  new ResizeObserver(() => plots().forEach((one) => one.resize())).observe(place);
}

// Cues on the axis of time that the plots share: each where it was spoken, with its measured response and its interval.
import uPlot from "../vendor/uplot-1.6.32.min.js";
import { make, setText } from "./dom.js";
import { axisOfTime, colours, GUTTER, touchable } from "./runs_plot.js";
import { durationText, shortText } from "./units.js";
import { w } from "./words.js";

const HEIGHT = 118;
const NEAR_PX = 14;

/** The cue nearest to a place of the cursor, within a thumb's width; null where there is none. */
function cueAt(plot, cues, left) {
  const away = (cue) => Math.abs(plot.valToPos(cue.t_s, "x") - left);
  const nearest = cues.reduce((best, cue) => (best === null || away(cue) < away(best) ? cue : best), null);
  return nearest !== null && away(nearest) <= NEAR_PX ? nearest : null;
}

function drawCues(plot, cues, paint) {
  const { ctx, bbox } = plot;
  const px = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top - 6 * px, bbox.width, bbox.height + 12 * px);
  ctx.clip();
  ctx.lineWidth = 1.5 * px;
  const zero = plot.valToPos(0, "y", true);
  ctx.strokeStyle = paint.soft;
  ctx.beginPath();
  ctx.moveTo(bbox.left, zero);
  ctx.lineTo(bbox.left + bbox.width, zero);
  ctx.stroke();
  for (const cue of cues) {
    const x = plot.valToPos(cue.t_s, "x", true);
    const y = (value) => plot.valToPos(value, "y", true);
    ctx.strokeStyle = ctx.fillStyle = paint.series[1];
    if (cue.low !== null && cue.high !== null) {
      ctx.lineWidth = 3 * px;
      ctx.beginPath();
      ctx.moveTo(x, y(cue.low));
      ctx.lineTo(x, y(cue.high));
      ctx.stroke();
    }
    ctx.lineWidth = 2 * px;
    ctx.beginPath();
    ctx.arc(x, cue.effect === null ? zero : y(cue.effect), 5 * px, 0, 7);
    ctx.fillStyle = cue.is_clear ? paint.series[1] : paint.card;
    ctx.fill();
    ctx.stroke();
  }
  ctx.restore();
}

/** A lane of cues. cues: {t_s, say, effect, low, high, is_clear, effect_words} with numbers in `unit`; t_s: the axis to share. */
export function cueLane(t_s, { cues, unit, label }, { sync, onSelect }) {
  const paint = colours();
  const now = make("span", { className: "plot-now" });
  const judged = cues.filter((cue) => cue.effect !== null);
  const title = judged.length ? w("runs.plot.cues", { label, unit }) : w("runs.plot.cues_plain");
  const head = make("div", { className: "plot-head" }, make("span", { textContent: title }), now);
  const body = make("div", { role: "img", "aria-label": title });
  const root = make("div", { className: "plot plot-cues" }, head, body);
  const ends = judged.flatMap((cue) => [cue.effect, cue.low ?? cue.effect, cue.high ?? cue.effect]);
  const [low, high] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  const room = 0.15 * (high - low || 2);
  const axis = axisOfTime(paint);
  const plot = new uPlot({
    width: 320, height: HEIGHT, legend: { show: false },
    scales: { x: { time: false }, y: { range: () => [low - room, high + room] } },
    series: [{}, { stroke: "transparent", points: { show: false } }],
    axes: [axis, { ...axis, size: GUTTER, space: 24, incrs: undefined, values: (_, ticks) => ticks.map((tick) => (judged.length ? shortText(tick, 2) : "")) }],
    cursor: { y: false, sync: { key: sync, setSeries: false }, drag: { x: true, y: false, setScale: false }, points: { show: false } },
    hooks: {
      draw: [(one) => drawCues(one, cues, paint)],
      setCursor: [(one) => {
        const cue = one.cursor.left >= 0 ? cueAt(one, cues, one.cursor.left) : null;
        setText(now, cue ? `${durationText(cue.t_s)}  ${cue.say}: ${cue.effect_words}` : "");
      }],
      setSelect: [(one) => {
        if (one.select.width >= 3) onSelect(one.posToVal(one.select.left, "x"), one.posToVal(one.select.left + one.select.width, "x"));
      }],
    },
  }, [t_s, t_s.map(() => null)], body);
  touchable(plot);
  const resize = () => { if (body.clientWidth > 0 && body.clientWidth !== plot.width) plot.setSize({ width: body.clientWidth, height: HEIGHT }); };
  return { name: "cues", root, plot, resize };
}

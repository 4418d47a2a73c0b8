// A run's route from above and its heights, drawn from positions alone: no tiles, no server. North is up.
import { get } from "./api.js";
import { find, make, on, readData, setText } from "./dom.js";
import { durationText, perSplit, unitOf, valueText } from "./units.js";
import { w } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const SIZE = 1000; // of the drawing's longer side
const EDGE = 60;
const N_CLASSES = 5;
const FOOT_M = 0.3048;
const marks = readData("run-plot", {});
let route = null;

function shape(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** Metres to the drawing's own units: the longer side fills it. */
function scaleOf(points) {
  const [xs, ys] = [points.map((p) => p[0]), points.map((p) => p[1])];
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const factor = (SIZE - 2 * EDGE) / Math.max(right - left, high - low, 1);
  return {
    at: ([x, y]) => [EDGE + (x - left) * factor, EDGE + (high - y) * factor],
    width: (right - left) * factor + 2 * EDGE,
    height: (high - low) * factor + 2 * EDGE,
  };
}

const pathOf = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

/** The class of each point: fifths of the values, or one for each value where there are few; null where unknown. */
function classesOf(values) {
  const known = values.filter((v) => v !== null).sort((a, b) => a - b);
  if (!known.length) return values.map(() => null);
  const levels = [...new Set(known)];
  if (levels.length <= N_CLASSES) return values.map((v) => (v === null ? null : levels.indexOf(v)));
  const limits = Array.from({ length: N_CLASSES - 1 }, (_, i) => known[Math.floor((known.length * (i + 1)) / N_CLASSES)]);
  return values.map((v) => (v === null ? null : limits.filter((limit) => v >= limit).length));
}

/** Runs of neighbours of one class, each beginning where the one before ends; cut where positions are missing. */
function pieces(points, classes) {
  const breaks = new Set(route.breaks);
  const found = [];
  points.forEach((point, i) => {
    const last = found.at(-1);
    if (!last || breaks.has(i)) found.push({ kind: classes[i], points: [point] });
    else {
      last.points.push(point);
      if (classes[i] !== last.kind) found.push({ kind: classes[i], points: [point] });
    }
  });
  return found;
}

function placeAt(t_s) {
  let best = 0;
  route.t_s.forEach((t, i) => { if (Math.abs(t - t_s) < Math.abs(route.t_s[best] - t_s)) best = i; });
  return best;
}

function mark(at, className, title, text = "") {
  const group = shape("g", { class: className }, shape("title", {}, title), shape("circle", { cx: at[0], cy: at[1], r: text ? 18 : 14 }));
  if (text) group.append(shape("text", { x: at[0], y: at[1] + 8, "text-anchor": "middle" }, text));
  return group;
}

function draw(name) {
  const metres = route.east_m.map((x, i) => [x, route.north_m[i]]);
  const scale = scaleOf(metres);
  const points = metres.map(scale.at);
  const classes = name ? classesOf(route.values[name]) : points.map(() => null);
  const lines = pieces(points, classes).map((one) => shape("path", { d: pathOf(one.points), class: one.kind === null ? "map-line" : `map-line map-${one.kind}` }));
  const signs = [];
  const every = perSplit();
  route.distance_m.forEach((far, i) => {
    const split = Math.floor((far ?? 0) / every);
    if (i && far !== null && split > Math.floor((route.distance_m[i - 1] ?? 0) / every)) signs.push(mark(points[i], "map-split", `${split}`, `${split}`));
  });
  for (const cue of marks.cues ?? []) signs.push(mark(points[placeAt(cue.t_s)], "map-cue", `${durationText(cue.t_s)} ${w("runs.map.cue", { say: cue.say })}`));
  signs.push(mark(points.at(-1), "map-finish", w("runs.map.finish")), mark(points[0], "map-start", w("runs.map.start")));
  const far = route.distance_m.findLast((one) => one !== null) ?? 0;
  const label = w("runs.map.picture", { distance: valueText("distance_m", far), unit: unitOf("distance_m") });
  const box = { viewBox: `0 0 ${scale.width.toFixed(0)} ${scale.height.toFixed(0)}`, role: "img", "aria-label": label };
  find("#map").replaceChildren(shape("svg", box, ...lines, ...signs));
  showLegend(name);
}

function showLegend(name) {
  const legend = find("#map-legend");
  legend.hidden = !name;
  if (!name) return;
  const known = route.values[name].filter((v) => v !== null).sort((a, b) => a - b);
  const text = (share) => `${valueText(name, known[Math.floor((known.length - 1) * share)])} ${unitOf(name)}`;
  const chips = Array.from({ length: N_CLASSES }, (_, i) => make("span", { className: `map-chip map-${i}` }));
  legend.replaceChildren(`${w("runs.map.low")} (${text(0.1)}) `, ...chips, ` ${w("runs.map.high")} (${text(0.9)})`);
}

function drawProfile() {
  const known = route.altitude_m.map((z, i) => [route.distance_m[i], z]).filter(([far, z]) => far !== null && z !== null);
  if (known.length < 2) return;
  const heights = known.map(([, z]) => z);
  const [low, high, last] = [Math.min(...heights), Math.max(...heights), known.at(-1)[0]];
  const span = Math.max(high - low, 20); // a flat run is drawn flat
  const at = ([far, z]) => [(far / Math.max(last, 1)) * SIZE, 180 - ((z - low) / span) * 160];
  const line = pathOf(known.map(at));
  const is_feet = unitOf("distance_m") === "mi";
  const height = (z) => Math.round(is_feet ? z / FOOT_M : z);
  const label = w("runs.map.profile", { low: height(low), high: height(high), unit: is_feet ? "ft" : "m" });
  const svg = shape("svg", { viewBox: `0 0 ${SIZE} 200`, role: "img", "aria-label": label, preserveAspectRatio: "none", class: "map-heights" },
    shape("path", { d: `${line}L${SIZE} 200L0 200Z`, class: "map-ground" }), shape("path", { d: line, class: "map-line" }));
  find("#map-profile").replaceChildren(svg, make("p", { className: "soft small", textContent: label }));
}

try {
  route = await get(`/runs/${encodeURIComponent(marks.run_id)}/route`);
  const choice = find("#map-colour");
  for (const name of Object.keys(route.values)) {
    if (route.values[name].some((v) => v !== null)) choice.append(make("option", { value: name, textContent: w(`metrics.${name}.label`) }));
  }
  choice.disabled = false;
  if (choice.options.length > 1) choice.selectedIndex = 1;
  const focus = find("#map-card").dataset.focus; // what the run's story is about
  if ([...choice.options].some((option) => option.value !== "" && option.value === focus)) choice.value = focus;
  draw(choice.value);
  drawProfile();
  on(choice, "change", () => draw(choice.value));
} catch (error) {
  setText(find("#map-state"), w("runs.map.failed", { words: error.message }));
}

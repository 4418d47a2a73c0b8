// Two runs over time in one plot, for a chosen measure.
import { get } from "./api.js";
import { find, make, readData } from "./dom.js";
import { colours, followWidth, timePlot } from "./runs_plot.js";
import { w } from "./words.js";

const { run_ids, names } = readData("compare", { run_ids: [] });
const place = find("#compare-plot");
const picker = find("#compare-metric");
let both = [];
let plots = [];

/** The two series on one common axis of time. */
function joined(name) {
  const times = [...new Set(both.flatMap((one) => one.t_s.map(Math.round)))].sort((a, b) => a - b);
  const lines = both.map((one) => {
    const at = new Map(one.t_s.map((t_s, i) => [Math.round(t_s), one.values[name][i]]));
    return times.map((t_s) => (at.has(t_s) ? at.get(t_s) : undefined));
  });
  return [times, ...lines];
}

/** Which line is which run. */
function key() {
  const list = make("ul", { className: "key plain-list" });
  names.forEach((name, i) => {
    const mark = make("span", { className: "line-mark", "aria-hidden": "true" });
    mark.style.background = colours().series[i];
    list.append(make("li", {}, mark, `${i + 1}: ${name}`));
  });
  return list;
}

function draw() {
  for (const one of plots) one.plot.destroy();
  plots = [timePlot(picker.value, joined(picker.value), { sync: "compare", names: [`1: ${names[0]}`, `2: ${names[1]}`], height: 260 })];
  place.replaceChildren(key(), plots[0].root);
  plots[0].resize();
}

try {
  both = await Promise.all(run_ids.map((id) => get(`/runs/${encodeURIComponent(id)}/series?n_points=600`)));
  const known = Object.keys(both[0].values).filter((name) => name in both[1].values);
  picker.replaceChildren(...known.map((name) => make("option", { value: name, textContent: w(`metrics.${name}.label`) })));
  if (known.length) {
    draw();
    followWidth(place, () => plots);
    picker.addEventListener("change", draw);
    document.addEventListener("themechange", draw);
  } else place.replaceChildren(make("p", { textContent: w("runs.plot.none") }));
} catch (error) {
  place.replaceChildren(make("p", { textContent: w("runs.plot.failed", { words: error.message }) }));
}

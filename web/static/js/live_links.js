// How each sensor does, as a shape with its place and state. Said aloud only when something changes.
import { find, make, setText } from "./dom.js";
import { keptIn } from "./live_keeping.js";
import { w } from "./words.js";

const SPOKEN = new Set(["streaming", "silent", "lost"]);
const links = new Map();
const list = find("#links");
const sites = new Map();

/** Which sensor is worn where, from the run's own list. */
export function takeSensors(sensors) {
  for (const use of sensors ?? []) sites.set(use.sensor_id, use.wear_site ?? use.name);
  paint();
}

/** One LinkEvent. What changed is said aloud: a sensor that was well and is not, or is well again. */
export function takeLink(link) {
  const was = links.get(link.sensor_id)?.status;
  links.set(link.sensor_id, link);
  paint();
  if (was !== link.status && SPOKEN.has(link.status)) {
    setText(find("#link-words"), `${siteWords(link.sensor_id)} ${statusWords(link)}`);
  }
}

export function forgetLinks(newer) {
  links.clear();
  for (const link of newer ?? []) links.set(link.sensor_id, link);
  paint();
}

const statusWords = (link) => w(`live.link.${keptIn(link.sensor_id)}${link.status}`);

function siteWords(sensor_id) {
  if (keptIn(sensor_id)) return w(`live.site.${sensor_id}`);
  const site = sites.get(sensor_id);
  if (!site) return w("live.site.other");
  return /^(left|right)_|^(pelvis|chest)$/.test(site) ? w(`live.site.${site}`) : site;
}

function paint() {
  if (!links.size) {
    list.replaceChildren(make("li", { textContent: w("live.link.none") }));
    return;
  }
  const items = [...links.values()].map((link) => {
    const low = link.battery_pct !== null && link.battery_pct !== undefined && link.battery_pct < 15;
    const battery = low ? `, ${w("live.link.battery", { percent: Math.round(link.battery_pct) })}` : "";
    const item = make("li", { title: link.words }, make("span", { className: "link-shape", "aria-hidden": "true" }));
    item.dataset.status = link.status;
    const is_well = link.status === "streaming";
    const words = make("span", { className: is_well ? "unseen" : "", textContent: ` ${statusWords(link)}` });
    item.append(make("span", {}, siteWords(link.sensor_id), words, battery));
    return item;
  });
  list.replaceChildren(...items);
}

// The sensors page: the lists of the runner's sensors and of those nearby, kept fresh; the check.
import { ApiError, call, get } from "./api.js";
import { find, make, on, readData, setText } from "./dom.js";
import { cardOf, paintCard, paintGives, siteWords } from "./sensors_card.js";
import { speak, unlock } from "./speech.js";
import { w } from "./words.js";

const profiles = new Map(readData("profiles", []).map((profile) => [profile.id, profile]));
const named = readData("named", []);
const cards = new Map();
const rows = new Map();
const taken = new Set();
const ON_LEG = /^(left|right)_/;
let is_busy = false;
let n_ready = 0;
let shown = "";
let judged = "";

function paintMine(states) {
  const known = new Set(states.map((state) => state.use.sensor_id));
  for (const [id, card] of cards) {
    if (!known.has(id)) { card.remove(); cards.delete(id); }
  }
  const asked = new Set();
  n_ready = states.filter((state) => state.is_ready).length === states.length ? states.length : 0;
  for (const state of states) {
    const id = state.use.sensor_id;
    if (!cards.has(id)) {
      taken.add(state.use.wear_site);
      cards.set(id, cardOf(state, { refresh: poll, busy: (now) => { is_busy = now; } }));
      find("#mine").append(cards.get(id));
    }
    paintCard(cards.get(id), state, profiles.get(state.use.profile_id), asked.has(state.use.profile_id));
    paintGives(cards.get(id), state.use.name, named);
    if (!state.is_tried_on_hardware) asked.add(state.use.profile_id);
  }
  find("#mine-none").hidden = states.length > 0;
  const is_in_run = states.some((state) => state.is_in_run);
  find("#check").hidden = states.length === 0 || is_in_run;
  const feet = states.filter(({ use }) => profiles.get(use.profile_id)?.wear_sites.includes("left_foot") && (use.wear_site === null || ON_LEG.test(use.wear_site)));
  find("#lift").hidden = feet.length < 1 || feet.length > 2 || is_in_run;
  const words = states.map((s) => `${siteWords(s.use.wear_site)}: ${w(s.is_ready ? "sensors.mine.ready" : "sensors.mine.not_ready")}`).join(". ");
  if (words !== shown) { shown = words; setText(find("#mine-words"), words); }
  const worn = states.map((s) => `${s.use.sensor_id} ${s.use.wear_site}`).sort().join();
  if (worn !== judged) { judged = worn; void sayUnsayable(); }
}

/** What no cue can come for with these sensors, and which sensor would change it. */
async function sayUnsayable() {
  try {
    const found = await get("/coaching/unsayable");
    const list = found.map(({ title, needs }) => w("sensors.mine.unsayable_one", { title, needs })).join("; ");
    setText(find("#unsayable"), list ? w("sensors.mine.unsayable", { list }) : "");
    find("#unsayable").hidden = list === "";
  } catch { judged = ""; /* asked again with the next look at the sensors */ }
}

const strength = (rssi_dbm) => w(`sensors.find.${rssi_dbm > -55 ? "near" : rssi_dbm > -75 ? "middle" : "far"}`);

/**
 * The first free place that the sensor can be worn at, until the runner chooses one. None on the legs: the order in which
 * two shoes are found says nothing of left and right; lifting a foot does.
 */
function proposeSite(row, profile) {
  if (!profile || row.dataset.chosen !== undefined) return;
  const first = profile.wear_sites.find((name) => !taken.has(name)) ?? "";
  find("[data-site]", row).value = ON_LEG.test(first) ? "" : first;
}

function rowOf(sensor) {
  const row = find("#found-row").content.firstElementChild.cloneNode(true);
  const site = find("[data-site]", row);
  const profile_choice = find("[data-profile]", row);
  site.id = `site-${CSS.escape(sensor.sensor_id)}`;
  profile_choice.id = `profile-${CSS.escape(sensor.sensor_id)}`;
  site.previousElementSibling.htmlFor = site.id;
  profile_choice.previousElementSibling.htmlFor = profile_choice.id;
  const profile = profiles.get(sensor.profile_id);
  const chosen = () => profiles.get(profile_choice.value);
  const offerSites = () => {
    const places = chosen()?.wear_sites ?? [];
    for (const option of site.options) option.hidden = option.disabled = option.value !== "" && !places.includes(option.value);
    if (!places.includes(site.value)) site.value = "";
    site.closest(".field").hidden = places.length === 0;
  };
  if (profile) {
    const offered = [profile.id, ...profile.also_as];
    for (const option of [...profile_choice.options]) if (!offered.includes(option.value)) option.remove();
    profile_choice.value = profile.id;
    find("[data-profile-field]", row).hidden = offered.length < 2;
  } else {
    for (const option of [...profile_choice.options]) if (!profiles.get(option.value).is_bluetooth) option.remove();
    find("[data-profile-field]", row).hidden = false;
  }
  offerSites();
  proposeSite(row, profile);
  on(site, "change", () => { row.dataset.chosen = ""; });
  on(profile_choice, "change", () => { offerSites(); proposeSite(row, profile && chosen()); });
  const profileId = () => (profile_choice.value === sensor.profile_id ? null : profile_choice.value);
  on(find("[data-connect]", row), "click", () => connect(sensor, row, site.value || null, profileId()));
  return row;
}

async function connect(sensor, row, wear_site, profile_id) {
  const button = find("[data-connect]", row);
  button.disabled = true;
  setText(button, w("sensors.find.connecting"));
  setText(find("[data-error]", row), "");
  try {
    await call("POST", "/sensors/pair", { sensor_id: sensor.sensor_id, wear_site, profile_id }, { timeout_ms: 90000 });
    row.remove();
    rows.delete(sensor.sensor_id);
    await poll();
  } catch (error) {
    setText(find("[data-error]", row), error.message);
  } finally {
    button.disabled = false;
    setText(button, w("sensors.find.connect"));
  }
}

function paintAround({ found, is_scanning, problem, ant_problem }) {
  const others = found.filter((sensor) => !cards.has(sensor.sensor_id)).sort((a, b) => Number(b.profile_id !== null) - Number(a.profile_id !== null));
  const known = new Set(others.map((sensor) => sensor.sensor_id));
  for (const [id, row] of rows) {
    if (!known.has(id) && !row.contains(document.activeElement)) { row.remove(); rows.delete(id); }
  }
  for (const sensor of others) {
    if (!rows.has(sensor.sensor_id)) {
      rows.set(sensor.sensor_id, rowOf(sensor));
      find("#around").append(rows.get(sensor.sensor_id));
    }
    const row = rows.get(sensor.sensor_id);
    if (!row.contains(document.activeElement) && sensor.profile_id) proposeSite(row, profiles.get(find("[data-profile]", row).value));
    setText(find("[data-name]", row), sensor.name || sensor.sensor_id);
    paintGives(row, sensor.name, named);
    const kind = profiles.get(sensor.profile_id)?.title ?? w("sensors.find.unknown");
    const facts = [kind, sensor.rssi_dbm === null ? "" : strength(sensor.rssi_dbm), sensor.sensor_id];
    setText(find("[data-facts]", row), facts.filter(Boolean).join(" · "));
  }
  const none = find("#around-none");
  none.hidden = rows.size > 0;
  setText(none, w(n_ready > 0 ? "sensors.find.no_other" : is_scanning ? "sensors.find.none" : "sensors.find.searching"));
  const problems = [problem && `${w("sensors.find.problem")}: ${problem}`, ant_problem].filter(Boolean);
  find("#problem").hidden = problems.length === 0;
  setText(find("#problem"), problems.join(" · "));
}

async function poll() {
  if (document.hidden || is_busy) return;
  try {
    paintMine(await get("/sensors"));
    paintAround(await get("/sensors/around"));
  } catch (error) {
    if (!(error instanceof ApiError)) return; // no network: the next look says more
    find("#problem").hidden = false;
    setText(find("#problem"), error.message);
  }
}

function paintReport(report) {
  const words = make("p", { className: `notice notice-${report.is_good ? "good" : "warn"}`, textContent: w(report.is_good ? "sensors.check.good" : "sensors.check.bad") });
  const problems = report.problems.map((problem) => make("li", { textContent: problem }));
  const sensors = report.sensors.map((sensor) => {
    const facts = [`${w("sensors.check.landings")}: ${sensor.n_landings}`, `${w("sensors.check.missing")}: ${sensor.n_missing}`];
    const lines = sensor.problems.map((problem) => make("li", { textContent: problem }));
    if (sensor.suggested_site && sensor.suggested_site !== sensor.wear_site) {
      lines.push(make("li", { textContent: w("sensors.check.suggested", { site: siteWords(sensor.suggested_site) }) }));
    }
    return make("div", {}, make("h3", { textContent: `${siteWords(sensor.wear_site)} · ${sensor.name}` }), make("p", { className: "soft", textContent: facts.join(" · ") }), make("ul", {}, ...lines));
  });
  find("#check-report").replaceChildren(words, make("ul", {}, ...problems), ...sensors);
}

on("#check-start", "click", async (event) => {
  const button = event.currentTarget;
  button.disabled = true;
  find("#check-report").replaceChildren();
  let left = 8;
  const say = () => setText(find("#check-words"), w("sensors.check.running", { seconds: Math.max(0, left--) }));
  say();
  const counting = setInterval(say, 1000);
  is_busy = true;
  try {
    paintReport(await call("POST", "/sensors/check", { seconds: 8 }, { timeout_ms: 120000 }));
  } catch (error) {
    find("#check-report").replaceChildren(make("p", { className: "notice notice-bad", textContent: error.message }));
  } finally {
    clearInterval(counting);
    setText(find("#check-words"), "");
    button.disabled = false;
    is_busy = false;
  }
});

on("#lift-start", "click", async (event) => {
  const button = event.currentTarget;
  const words = find("#lift-words");
  unlock();
  speak(w("sensors.lift.say"), { language: document.documentElement.lang });
  button.disabled = is_busy = true;
  let left = 6;
  const say = () => setText(words, w("sensors.lift.running", { seconds: Math.max(0, left--) }));
  say();
  const counting = setInterval(say, 1000);
  try {
    const report = await call("POST", "/sensors/lift", { seconds: 6 }, { timeout_ms: 120000 });
    clearInterval(counting);
    setText(words, report.words);
    speak(report.words, { language: document.documentElement.lang });
  } catch (error) {
    clearInterval(counting);
    setText(words, error.message);
  }
  button.disabled = is_busy = false;
  void poll();
});

void poll();
setInterval(poll, 1000);
document.addEventListener("visibilitychange", () => void poll());

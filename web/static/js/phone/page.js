// The coach on the phone alone, joined: taken along, made ready, asked, linked to sensors, run, brought home.
import { find, findAll, make, on, setText } from "../dom.js";
import { unlock } from "../speech.js";
import { durationText, numberText, unitOf, valueText } from "../units.js";
import { locale, w } from "../words.js";
import { answers } from "./answers.js";
import { batteryWatch } from "./battery.js";
import { choose, Sensor } from "./bluetooth.js";
import { toast } from "../live_toast.js";
import { bindControls } from "./controls.js";
import { openCore } from "./core.js";
import { goHome, paintHome, takeLogState } from "./home_list.js";
import { run, say, startLiveView, takeMessages, takeRun } from "./live.js";
import { askForMotion, can_move, OWN as OWN_MOTION, PhoneMotion } from "./motion.js";
import { showNeeds } from "./needs.js";
import { can_locate, OWN_POSITION, PhonePosition } from "./position.js";
import { noteDown, reportOf, save } from "./report.js";
import { send } from "./requests.js";
import { isUsed, markUsed, mb, readPack, writePack } from "./store.js";
import { currentVersion, forgetOthers, keptManifest, newest, takeAlong, underServiceWorker } from "./take.js";

const OWN = document.body.dataset.version;
const HOME_EVERY_MS = 30000;
const GAP_MS = 5000; // a page that was not run for so long was frozen
const RATE_EVERY_MS = 10000;
const PACK_MS = 3000; // home answers within it or is out of reach: the pack that is here counts then
const OWN_PARTS = new Map(/** @type {[string, any][]} */ ([[OWN_MOTION.profile_id, PhoneMotion], [OWN_POSITION.profile_id, PhonePosition]]));
const OPEN_SIGNS = new Set(["urgent", "emergency"]);
const SITES = ["left_foot", "right_foot", "left_shank", "right_shank", "pelvis", "chest"];
const now_ms = () => performance.timeOrigin + performance.now();

const state = { is_ready: false, pack: null, profiles: [], finds: new Map(), states: new Map(), clock_ahead_s: null };
const sensors = new Map(); // sensor_id -> Sensor
let worker = null;
let last_reports = [];

// ---- taking the coach along -------------------------------------------------------------------------------------------

const takeWords = (key, facts) => setText(find("#take-words"), w(key, facts));

async function take(manifest) {
  const bar = find("#take-bar");
  const button = find("#take");
  button.hidden = true;
  bar.hidden = false;
  try {
    await takeAlong(manifest, (done, all) => {
      bar.value = done / all;
      takeWords("phone.take.fetching", { done: mb(done), all: mb(all) });
    });
    return true;
  } catch (error) {
    takeWords("phone.take.broken", { words: error.message });
    button.hidden = false;
    return false;
  } finally {
    bar.hidden = true;
  }
}

/** Have the coach here and running: from this phone's files where they are, else as soon as the runner wants it. */
async function prepare() {
  const is_served = await underServiceWorker();
  const current = await currentVersion();
  if (current === OWN) { await begin(await keptManifest(OWN)); return; }
  const manifest = await newest();
  if (!manifest) { takeWords("phone.take.none"); return; }
  if (manifest.version !== OWN) { location.reload(); return; } // this page came from a network cache
  find("#take").hidden = false;
  on("#take", "click", async () => {
    const is_kept = await navigator.storage.persist?.();
    if (!(await take(manifest))) return;
    if (!is_kept) setText(find("#take-more"), w("phone.needs.may_evict"));
    await begin(manifest, is_served);
  });
}

/** Start the core from what is here. */
async function begin(manifest, is_served = true) {
  worker = openCore({
    stage: (name) => takeWords("phone.take.starting", { stage: w(`phone.take.stage_${name}`) }),
    messages: takeMessages,
    log: takeLogState,
    trouble: (words) => { noteDown("trouble", { words }); console.error(words); toast(w("phone.run.core_failed", { words })); },
    broken: (words) => { noteDown("worker broken", { words }); console.error(words); if (run.is_on) say(w("phone.run.core_failed", { words })); },
  });
  let took_s = 0;
  try {
    const folder = new URL(`/phone/app/${manifest.version}/`, location.href).href;
    const { seconds, heap_mb } = await worker.send("start", { folder, manifest, language: document.documentElement.lang });
    took_s = seconds;
    noteDown("started", { seconds, heap_mb });
    document.body.dataset.startS = seconds.toFixed(2);
    document.body.dataset.heapMb = heap_mb.toFixed(1);
    state.profiles = await worker.ask("profiles");
    for (const { id } of state.profiles) state.finds.set(id, await worker.ask("find", id));
    state.is_ready = true;
  } catch (error) {
    noteDown("not started", { words: error.message });
    takeWords("phone.take.failed", { words: error.message });
    return;
  }
  await forgetOthers(OWN);
  fillKinds();
  await openPack(await readPack());
  document.body.dataset.ready = "true";
  await Promise.race([refreshPack(), new Promise((resolve) => setTimeout(resolve, PACK_MS))]);
  takeWords(is_served && navigator.serviceWorker.controller ? "phone.take.ready" : "phone.take.ready_here", { seconds: numberText(took_s, 1) });
  void update();
}

/** A newer coach at home is fetched beside the one in use, and used when this page is opened next. */
async function update() {
  const manifest = await newest();
  if (!manifest || manifest.version === OWN || run.is_on || !(await take(manifest))) return;
  takeWords("phone.take.newer");
  setText(find("#take-more"), w("phone.take.older", { version: OWN }));
  find("#renew").hidden = false;
}
on("#renew", "click", () => location.reload());

// ---- what goes along before a run -------------------------------------------------------------------------------------

/** Today's pack from home, where home can be reached. */
async function refreshPack() {
  if (run.is_on || !state.is_ready) return;
  try {
    const asked_ms = Date.now();
    const pack = await send("GET", "/phone/pack", undefined, 10000);
    state.clock_ahead_s = (Date.parse(pack.made_at) - (asked_ms + Date.now()) / 2) / 1000;
    const text = JSON.stringify(pack);
    await writePack(text);
    await openPack(text);
  } catch (error) {
    console.info(`no pack from home: ${error.message}`);
  }
}

async function openPack(text) {
  if (text) {
    const { run_id } = JSON.parse(text);
    await worker.ask("open_pack", text, await isUsed(run_id));
  }
  await paintPack();
}

async function paintPack() {
  state.pack = await worker.ask("pack_state", new Date().toISOString());
  const { made_at, stale_because, sensors: paired = [], signs_are_due, shoes = [] } = state.pack;
  find("#shoe-names").replaceChildren(...shoes.map((name) => new Option(name, name)));
  find("#signs").hidden = !signs_are_due;
  setText(find("#pack-words"), made_at ? w("phone.pack.fresh", { when: new Date(made_at).toLocaleString(locale()) }) : "");
  if (stale_because) setText(find("#plan-words"), w("phone.pack.listening", { words: stale_because }));
  if (can_locate) paired.push({ ...OWN_POSITION, name: w("phone.sensors.position_name") });
  if (can_move) paired.push({ ...OWN_MOTION, name: w("phone.sensors.motion_name") });
  for (const use of paired) state.states.set(use.sensor_id, { use, ...state.states.get(use.sensor_id) });
  paintSensors();
  await paintPlan();
}

async function paintPlan() {
  if (!state.pack) return; // not ready yet: it is asked again then
  const { plan, pain, listens_because, workouts } = await worker.ask("readiness", answers(), new Date().toISOString());
  const is_sign_open = OPEN_SIGNS.has(pain?.lock);
  find("#signs-open").hidden = !is_sign_open;
  find("input[name=is_confirmed]").required = is_sign_open; // as at home: who runs with an open sign has read this
  setText(find("#signs-words"), is_sign_open ? pain.words : "");
  const words = !state.pack.made_at ? w("phone.pack.none")
    : listens_because ? w("phone.pack.listening", { words: listens_because })
    : plan.reason || w("phone.pack.plan_no_focus");
  setText(find("#plan-words"), words);
  paintWorkouts(workouts ?? []);
  find("#start").disabled = false;
}
on("#phone-start", "change", () => void paintPlan());

/** Structured runs to choose from; one that pain forbids today cannot be chosen, and the reason is shown below. */
function paintWorkouts(workouts) {
  const choice = find("#phone-workout");
  const chosen = choice.value;
  const options = workouts.map(({ id, title, is_allowed }) => Object.assign(new Option(title, id, false, id === chosen && is_allowed), { disabled: !is_allowed }));
  choice.replaceChildren(choice.options[0], ...options);
  find("#workout-field").hidden = workouts.length === 0;
  setText(find("#workout-words"), workouts.find(({ is_allowed }) => !is_allowed)?.words ?? "");
}

// ---- sensors ----------------------------------------------------------------------------------------------------------

const siteOf = (use) => (use.wear_site && use.sensor_id !== OWN_MOTION.sensor_id ? w(`live.site.${use.wear_site}`) : use.name);

function fillKinds() {
  const kind = find("#add-kind");
  const site = find("#add-site");
  kind.replaceChildren(...state.profiles.map(({ id, title }) => new Option(title, id)));
  const sites = () => {
    const { wear_sites } = state.profiles.find(({ id }) => id === kind.value);
    const fitting = SITES.filter((name) => wear_sites.includes(name));
    site.replaceChildren(...(fitting.length ? fitting.map((name) => new Option(w(`live.site.${name}`), name)) : [new Option(w("phone.sensors.site_none"), "")]));
  };
  kind.addEventListener("change", sites);
  sites();
  find("#add-sensor").disabled = false;
}

function paintSensors() {
  const rows = [...state.states.values()].map(({ use, status, words }) => {
    const button = make("button", { className: "button", type: "button", textContent: w("phone.sensors.connect", { name: siteOf(use) }) });
    button.dataset.sensor = use.sensor_id;
    button.addEventListener("click", () => void (OWN_PARTS.has(use.profile_id) ? linkOwn(use) : link(use, use.name)));
    const name = make("span", {}, make("strong", { textContent: siteOf(use) }), siteOf(use) === use.name ? "" : ` ${use.name}`);
    const now = { streaming: "linked", lost: "lost", silent: "silent", connecting: "connecting" }[status];
    const row = make("li", { className: "row" }, name, now ? make("span", { className: "chip", textContent: w(`phone.sensors.${now}`) }) : button);
    row.dataset.status = status ?? "";
    if (words) row.append(make("span", { className: "soft small", textContent: words }));
    return row;
  });
  find("#sensor-list").replaceChildren(...rows);
}

function linkWords(error) {
  const [key, ...rest] = String(error.message ?? error).split(" ");
  if (["motion_refused", "motion_none", "position_refused", "position_none"].includes(key)) return w(`phone.sensors.${key}`);
  if (key === "not_seen") return w("phone.sensors.not_seen");
  if (key === "no_service") return w("phone.sensors.no_service", { words: rest.join(" ") });
  return error.message ?? String(error);
}

/** Choose a sensor in the browser's own dialog (within a tap) and connect it. name: exactly this one. */
async function link(use, name = "") {
  const words = find("#sensor-words");
  setText(words, "");
  const { filters, services } = state.finds.get(use.profile_id);
  let device;
  try {
    device = await choose({ filters: name ? [{ name }] : filters, services });
  } catch (error) {
    setText(words, error.message);
    return;
  }
  if (!device) { setText(words, w("phone.sensors.chosen_none")); return; }
  const full = { ...use, sensor_id: use.sensor_id ?? device.id, name: device.name ?? use.name ?? "" };
  await connect(full, new Sensor(device, full, { core: worker, onNote: worker.note, onStatus: takeStatus }));
}
on("#add-sensor", "click", () => void link({ profile_id: find("#add-kind").value, wear_site: find("#add-site").value || null }));

/** The phone itself as a sensor (within a tap: some systems ask for leave). */
async function linkOwn(use) {
  setText(find("#sensor-words"), "");
  const Part = OWN_PARTS.get(use.profile_id);
  try {
    if (Part === PhoneMotion) await askForMotion();
  } catch (error) {
    setText(find("#sensor-words"), linkWords(error));
    return;
  }
  await connect(use, new Part(use, { core: worker, onNote: worker.note, onStatus: takeStatus }));
}

/** Connect what was chosen; one that does not come to stream is no part of the run. */
async function connect(full, sensor) {
  sensors.get(full.sensor_id)?.close();
  sensors.set(full.sensor_id, sensor);
  state.states.set(full.sensor_id, { use: full, status: "connecting", words: "" });
  paintSensors();
  try {
    await sensor.connect();
  } catch (error) {
    sensor.close();
    sensors.delete(full.sensor_id);
    await worker.ask("forget", full.sensor_id);
    state.states.set(full.sensor_id, { use: full, words: "" });
    noteDown("not connected", { profile_id: full.profile_id, words: error.message });
    setText(find("#sensor-words"), w("phone.sensors.refused", { name: full.name, words: linkWords(error) }));
    paintSensors();
  }
}

function takeStatus(sensor, status, reason, words) {
  const { use } = sensor;
  noteDown("link", { profile_id: use.profile_id, wear_site: use.wear_site, status, reason, words });
  state.states.set(use.sensor_id, { use, status, words: status === "lost" && words ? linkWords(new Error(words)) : "" });
  paintSensors();
  if (!run.is_on) return;
  void worker.send("linkChanged", { sensor_id: use.sensor_id, status, reason, words: words || w(`live.link.${status}`) });
}

// ---- the run ----------------------------------------------------------------------------------------------------------

const newRunId = (at) => `${at.toISOString().slice(0, 19).replaceAll("-", "").replaceAll(":", "").replace("T", "-")}-${crypto.getRandomValues(new Uint16Array(1))[0].toString(16).padStart(4, "0")}`;

on("#phone-start", "submit", async (event) => {
  event.preventDefault();
  unlock();
  const errors = find("#start-words");
  setText(errors, "");
  if (!state.is_ready) { setText(errors, w("phone.start.not_ready")); return; }
  if (!sensors.size) { setText(errors, w("phone.start.none")); return; }
  if (run.unwritten) { setText(errors, w("phone.start.unwritten")); return; }
  const at = new Date();
  const { run_id: reserved } = state.pack;
  const run_id = reserved && !(await isUsed(reserved)) ? reserved : newRunId(at);
  try {
    const facts = { place: "outdoor", workout_id: find("#phone-workout").value, shoes: find("#field-shoes").value.trim(), browser: navigator.userAgent.slice(0, 200), home_clock_ahead_s: state.clock_ahead_s };
    const begun = await worker.send("begin", { run_id, started_ms: now_ms(), started_at: at.toISOString(), answers: answers(), facts: JSON.stringify(facts) });
    markUsed(reserved ?? "");
    find("#finished").hidden = true;
    takeRun(JSON.parse(begun), [...sensors.values()].map(({ use }) => use));
    for (const { use, status } of sensors.values()) await worker.send("linkChanged", { sensor_id: use.sensor_id, status, reason: "ok", words: w(`live.link.${status}`) });
  } catch (error) {
    setText(errors, w("phone.start.failed", { words: error.message }));
  }
});

async function stop() {
  toast(w("live.control.stopping"));
  try {
    last_reports = (await worker.send("stats")).reports;
    const { run_id } = run;
    const { elapsed_s, distance_m, n_cues, waiting_bytes } = JSON.parse(await worker.send("end"));
    run.unwritten = waiting_bytes ? run_id : null;
    noteDown("stopped", { elapsed_s, n_cues });
    takeRun(null);
    const distance = distance_m === null ? "" : `${valueText("distance_m", distance_m)} ${unitOf("distance_m")}`;
    const words = [durationText(elapsed_s), distance, w("phone.run.cues", { n: n_cues }), waiting_bytes ? w("phone.run.log_waits", { mb: mb(waiting_bytes) }) : ""];
    setText(find("#finished-words"), words.filter(Boolean).join(" · "));
    find("#finished").hidden = false;
    find("#finished").scrollIntoView?.();
    toast("");
    await paintPack();
    await goHome();
  } catch (error) {
    toast(w("live.control.failed", { words: error.message }));
  }
}
on("#again", "click", async () => { find("#finished").hidden = true; find("#phone-start").reset(); await refreshPack(); await paintPack(); });

// What was missed while the page was away is a gap, said and kept as one.
let seen_ms = now_ms();
let hidden_ms = null;
async function lookForGap() {
  const at_ms = now_ms();
  const start_ms = hidden_ms ?? seen_ms;
  const is_gap = at_ms - start_ms > GAP_MS && !document.hidden;
  seen_ms = at_ms;
  if (!document.hidden) hidden_ms = null;
  if (!is_gap || !run.is_on) return;
  noteDown("hidden", { seconds: Math.round((at_ms - start_ms) / 1000) });
  await worker.send("hidden", { start_ms, end_ms: at_ms });
  const words = w("phone.run.hidden", { seconds: Math.round((at_ms - start_ms) / 1000) });
  say(words);
  toast(words);
}
document.addEventListener("visibilitychange", () => { if (document.hidden) hidden_ms = now_ms(); else void lookForGap(); });
setInterval(() => { if (!document.hidden) void lookForGap(); }, 1000);
window.addEventListener("beforeunload", (event) => { if (run.is_on || run.unwritten) event.preventDefault(); });

setInterval(async () => {
  if (!run.is_on) return;
  for (const sensor of sensors.values()) {
    const use = sensor.status === "streaming" ? await worker.ask("lower_rate", sensor.use.sensor_id) : null;
    if (use) { say(w("phone.run.slower", { site: siteOf(use) })); await sensor.change(use).catch((error) => console.error(error.message)); }
  }
}, RATE_EVERY_MS);

/** The phone's own battery, where the browser reports it. */
async function followBattery() {
  const battery = await navigator.getBattery?.();
  if (!battery) return;
  const watch = batteryWatch((percent) => say(w("phone.run.phone_battery", { percent })));
  const look = () => watch(battery, run.is_on);
  battery.addEventListener("levelchange", look);
  setInterval(look, RATE_EVERY_MS); // a run may begin with a battery that is low already
}

// ---- coming home ------------------------------------------------------------------------------------------------------

window.addEventListener("online", () => void goHome().then(refreshPack));
setInterval(() => void goHome(), HOME_EVERY_MS);

on("#report", "click", async () => {
  const reports = worker && run.is_on ? (await worker.send("stats")).reports : last_reports;
  const needs_words = [...find("#needs").children].map((line) => line.textContent);
  save("phone-report.json", reportOf({ bundle: OWN, needs: needs_words, is_installed: matchMedia("(display-mode: standalone)").matches }, reports));
});

// ---- begin ------------------------------------------------------------------------------------------------------------

startLiveView();
bindControls((verb, args) => worker.send("act", { verb, args }), stop);
void followBattery();
for (const input of findAll("input[name=signs]")) input.addEventListener("change", () => { if (input.checked) find("input[name=signs_none]").checked = false; });
if (await showNeeds()) {
  await paintHome();
  await prepare();
  await goHome();
}

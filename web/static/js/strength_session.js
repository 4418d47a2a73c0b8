// The guided session: one exercise a screen, sets to tap off, rest and hold timers, effort and pain; it works without
// the network. What was tapped is kept in this browser and goes to the coach through the outbox, each tap with its own
// id, so that nothing is lost and nothing counts twice. Pain counts as soon as it is answered, also without the network: what each
// number asks for comes with the page.
import { find, findAll, on, readData, setText } from "./dom.js";
import { ApiError, keep, onWaiting } from "./api.js";
import { unlock } from "./speech.js";
import { restart, wireFigures } from "./strength_figures.js";
import { showDone, showNext } from "./strength_saved.js";
import { makeTimer } from "./strength_timer.js";
import { w } from "./words.js";

const LEAD_S = 5; // to get into position, or to change sides; chosen by judgement
const guide = readData("guide");
const key = `strength-session-${guide.session_id}`;
const state = read();
let wake = null;

function read() {
  const fresh = { stage: "start", taps: {}, events: [], is_early: false, ended: false };
  try { return { ...fresh, ...JSON.parse(localStorage.getItem(key) ?? "{}") }; } catch { return fresh; }
}

function write() {
  try { localStorage.setItem(key, JSON.stringify(state)); } catch { /* private mode: this page still knows */ }
}

const newId = () => `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 12)}`;

/** Resolves with what the coach answers; to undefined where the taps wait for the network, or were refused. */
async function send(events) {
  const shown = events.some(({ kind }) => kind === "begin") ? guide.shown : [];
  try {
    return await keep("POST", "/strength/log", { events, shown });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    setText(find("#sync-words"), w("strength.js.refused", { words: error.message }));
    return undefined;
  }
}

function tapped(kind, facts = {}) {
  const event = { event_id: newId(), session_id: guide.session_id, kind, at: new Date().toISOString(), ...facts };
  state.events.push(event);
  write();
  return event;
}

/** Send a tap; the coach takes it now, or when it can be reached again. Returns its id. */
function tap(kind, facts = {}) {
  const event = tapped(kind, facts);
  void send([event]);
  return event.event_id;
}

/** What a number for pain asks for: {do, words, asks_signs}. */
function adviceOn(kind, pain) {
  const before = state.pain_before ?? null;
  const row = kind === "effort" && before !== null && pain <= before ? "effort_as_before" : kind;
  return guide.advice[row][pain ?? 0];
}

function sayIn(part, words) {
  const place = find(".heed", part);
  setText(place, words);
  place.hidden = words === "";
}

const number = (input) => (input && input.value !== "" && Number.isFinite(input.valueAsNumber) ? input.valueAsNumber : null);
const chosen = (name, root = document) => {
  /** @type {HTMLInputElement | null} */
  const radio = root.querySelector(`input[name="${name}"]:checked`);
  return radio ? Number(radio.value) : null;
};

const timer = makeTimer({
  owner: key,
  speaks: guide.speaks,
  language: guide.language,
  on_end(ended, is_skipped) {
    if (ended.kind === "hold" || ended.kind === "count") {
      const row = find(`[data-stage="${ended.stage}"] .set[data-number="${ended.number}"]`);
      const gone_s = Math.max(0, (Math.min(Date.now(), ended.ends_at) - ended.started_at) / 1000);
      if (ended.sides > 1 || (is_skipped && gone_s === 0)) return; // one side alone is no set: it is ticked off by hand
      if (is_skipped) {
        if (ended.kind === "hold") find(".hold", row).value = Math.round(gone_s);
        else find(".reps", row).value = Math.floor(gone_s / ended.each_s);
      }
      if (!row.classList.contains("is-done")) finishSet(Number(ended.stage), row);
    }
  },
});

function show(stage, is_moved = true) {
  state.stage = String(stage);
  write();
  for (const part of findAll(".stage")) part.hidden = part.dataset.stage !== state.stage;
  const n = guide.exercises.length;
  const index = Number(state.stage);
  setText(find("#position"), Number.isInteger(index) ? w("strength.js.position", { n: index + 1, total: n }) : "");
  find("#position").hidden = !Number.isInteger(index);
  if (is_moved) {
    window.scrollTo(0, 0);
    find(`.stage[data-stage="${state.stage}"] h2`)?.focus({ preventScroll: true });
  }
}

async function stayAwake(is_on) {
  try {
    if (!is_on) { await wake?.release(); wake = null; }
    else if ("wakeLock" in navigator) wake = await navigator.wakeLock.request("screen");
  } catch { /* the timers do not need it: they know their end */ }
}

function markSet(row, is_done) {
  row.classList.toggle("is-done", is_done);
  const button = find(".set-done", row);
  button.setAttribute("aria-pressed", String(is_done));
  setText(button, is_done ? w("strength.js.undo") : w("strength.js.done"));
  const hold = find(".start-hold", row);
  if (hold) hold.hidden = is_done;
  for (const input of findAll("input", row)) input.disabled = is_done;
}

function finishSet(index, row) {
  const exercise = guide.exercises[index];
  const n = Number(row.dataset.number);
  const facts = {
    slot: exercise.slot,
    exercise_id: exercise.exercise_id,
    number: n,
    reps: number(find(".reps", row)),
    hold_s: number(find(".hold", row)),
    load_kg: number(find(".load", row)),
  };
  state.taps[`${index}:${n}`] = { id: tap("set", facts), ...facts };
  write();
  markSet(row, true);
  for (const later of findAll(".set:not(.is-done) .load", row.parentElement)) {
    if (facts.load_kg !== null) later.value = facts.load_kg;
  }
  if (n < exercise.n_sets) {
    timer.start({ kind: "rest", seconds: exercise.rest_s, name: w("strength.js.rest"), closing: w("strength.js.rest_end") });
  }
}

function undoSet(index, row) {
  const name = `${index}:${row.dataset.number}`;
  const known = state.taps[name];
  const { slot, exercise_id } = guide.exercises[index];
  if (known) tap("undo", { of: known.id, slot, exercise_id, number: Number(row.dataset.number) });
  delete state.taps[name];
  write();
  markSet(row, false);
}

/** Lead one set: a hold by its seconds, or repetitions counted at the speed of the figure. Both sides where it has two. */
function lead(index, row) {
  const { hold_s, is_each_side, reps } = guide.exercises[index];
  const is_hold = hold_s !== null;
  const amount = number(find(is_hold ? ".hold" : ".reps", row)) || (is_hold ? hold_s : reps);
  unlock();
  restart(find(`.stage[data-stage="${index}"]`));
  timer.start({
    kind: is_hold ? "hold" : "count",
    stage: index,
    number: Number(row.dataset.number),
    seconds: is_hold ? amount : amount * guide.rep_s,
    ...(is_hold ? {} : { each_s: guide.rep_s }),
    sides: is_each_side ? 2 : 1,
    lead_s: LEAD_S,
    name: w(is_hold ? "strength.js.hold" : "strength.js.count"),
    skip_words: w("strength.js.stop"),
    opening: w(is_hold ? "strength.js.hold" : "strength.js.count_go"),
    closing: is_hold ? w("strength.js.hold_end") : w("strength.js.count_end", { count: amount }),
  });
}

/** Send effort and pain of an exercise if they changed since they were last sent. */
function sendEffort(index) {
  const exercise = guide.exercises[index];
  const part = find(`.stage[data-stage="${index}"]`);
  const effort = { rpe: chosen(`rpe-${exercise.slot}`, part), pain: chosen(`pain-${exercise.slot}`, part) };
  const known = state.taps[`effort:${index}`];
  if ((effort.rpe ?? effort.pain) === null || (known && known.rpe === effort.rpe && known.pain === effort.pain)) return effort;
  tap("effort", { slot: exercise.slot, exercise_id: exercise.exercise_id, ...effort });
  state.taps[`effort:${index}`] = effort;
  write();
  return effort;
}

/** Obey the pain of an exercise: leave out the rest of it, or end the session. Another number takes it back. */
function obey(index) {
  const part = find(`.stage[data-stage="${index}"]`);
  const { pain } = sendEffort(index);
  const advice = adviceOn("effort", pain);
  sayIn(part, advice.words);
  for (const row of findAll(".set:not(.is-done)", part)) {
    for (const one of findAll("input, button", row)) one.disabled = advice.do !== "go_on";
  }
  state.heed = advice.do === "end" ? advice : null;
  write();
  if (advice.do !== "go_on" && timer.now()) timer.stop();
  if (advice.do === "end") endEarly(index);
}

function endEarly(index) {
  state.is_early = true;
  state.left_at = index;
  find(".early-text").hidden = false;
  sayIn(find('.stage[data-stage="end"]'), state.heed?.words ?? "");
  show("end");
}

/** Begin, unless pain speaks against it; where it speaks for an easier session, that one is shown first. */
async function begin() {
  const pain = chosen("pain_before");
  if (isMissing("start", pain)) return;
  const advice = adviceOn("begin", pain);
  const event = tapped("begin", { pain });
  const answered = send([event]);
  if (advice.do === "end") { notToday(event, advice); return; }
  state.pain_before = pain;
  const answer = advice.do === "ease" ? await answered : undefined;
  if (answer?.advice.do === "end") { notToday(event, answer.advice); return; }
  if (answer?.is_changed) {
    state.eased = advice.words;
    await send([tapped("undo", { of: event.event_id })]);
    location.reload();
    return;
  }
  state.taps.begin = { id: event.event_id };
  state.eased = "";
  void stayAwake(true);
  show(0);
}

function notToday(event, advice) {
  tap("undo", { of: event.event_id });
  const part = find('.stage[data-stage="not_today"]');
  sayIn(part, advice.words);
  find(".signs", part).hidden = !advice.asks_signs;
  show("not_today");
  state.stage = "start"; // another day this page begins at its beginning
  write();
}

function saved(pain) {
  const part = find('.stage[data-stage="saved"]');
  const last = adviceOn("end", pain);
  const advice = last.do === "end" || !state.heed ? last : state.heed;
  const is_well = last.do !== "end" && !state.heed;
  find(".if-well", part).hidden = !is_well;
  find(".if-heed", part).hidden = is_well;
  sayIn(part, advice.words);
  find(".signs", part).hidden = !(last.asks_signs || state.heed?.asks_signs);
  show("saved");
}

/** Pain decides what comes: without a number nothing goes on, and the page says so. */
function isMissing(stage, pain) {
  const part = find(`.stage[data-stage="${stage}"]`);
  setText(find(".missing", part), pain === null ? w("strength.js.pain_missing") : "");
  if (pain === null) find(".pain input", part).focus();
  return pain === null;
}

function hasSet(index) {
  return Object.keys(state.taps).some((name) => name.startsWith(`${index}:`));
}

function wireExercise(part) {
  const index = Number(part.dataset.stage);
  for (const row of findAll(".set", part)) {
    const known = state.taps[`${index}:${row.dataset.number}`];
    if (known) {
      for (const [name, value] of [["reps", known.reps], ["hold", known.hold_s], ["load", known.load_kg]]) {
        const input = find(`.${name}`, row);
        if (input && value !== null) input.value = value;
      }
      markSet(row, true);
    }
    on(find(".set-done", row), "click", () => {
      if (row.classList.contains("is-done")) undoSet(index, row);
      else finishSet(index, row);
      unlock(); // after the tap has shown: waking up the sound may take a moment
    });
    on(find(".start-hold", row), "click", () => lead(index, row));
  }
  for (const radio of findAll(`input[name="pain-${guide.exercises[index].slot}"]`, part)) {
    radio.addEventListener("change", () => obey(index));
  }
  const effort = state.taps[`effort:${index}`];
  for (const [name, value] of [["rpe", effort?.rpe], ["pain", effort?.pain]]) {
    const radio = value !== undefined && value !== null
      ? part.querySelector(`input[name="${name}-${guide.exercises[index].slot}"][value="${value}"]`) : null;
    if (radio) radio.checked = true;
  }
  on(find(".go-back", part), "click", () => show(index > 0 ? index - 1 : "start"));
  on(find(".go-next", part), "click", () => {
    const answer = sendEffort(index);
    const missing = find(".missing", part);
    if (hasSet(index) && (answer.rpe === null || answer.pain === null)) {
      setText(missing, w("strength.js.effort_missing"));
      return;
    }
    setText(missing, "");
    show(index + 1 < guide.exercises.length ? index + 1 : "end");
  });
  on(find(".stop-early", part), "click", () => {
    sendEffort(index);
    endEarly(index);
  });
}

/** Sets that the coach knows already, from another phone or before this browser forgot. */
function takeOver() {
  guide.exercises.forEach((exercise, index) => {
    const done = guide.done.find((item) => item.slot === exercise.slot && item.exercise_id === exercise.exercise_id);
    for (const one of done?.sets ?? []) state.taps[`${index}:${one.number}`] ??= { id: "", ...one };
  });
}

takeOver();
if (state.events.length) void send(state.events); // a tap may have been cut off by a reload: its id makes a repeat harmless
findAll(".stage[data-slot]").forEach(wireExercise);
wireFigures();
on("#warm-up", "click", (event) => {
  unlock();
  const seconds = Number(event.currentTarget.dataset.seconds);
  timer.start({ kind: "warm_up", seconds, name: w("strength.js.warm_up"), closing: w("strength.js.warm_up_end") });
});
on("#begin", "click", () => {
  unlock();
  if (timer.now()?.kind === "warm_up") timer.stop();
  if (!state.taps.begin) { void begin(); return; }
  void stayAwake(true);
  show(0);
});
on(find('.stage[data-stage="end"] .go-back'), "click", () => show(state.left_at ?? guide.exercises.length - 1));
on(find('.stage[data-stage="not_today"] .go-back'), "click", () => show("start"));
on("#save", "click", async () => {
  const pain = chosen("pain_after");
  if (isMissing("end", pain)) return;
  if (timer.now()) timer.stop();
  if (!state.ended) tapped("end", { pain });
  state.ended = true;
  const sent = send(state.events);
  void stayAwake(false);
  saved(pain);
  showDone(find('.stage[data-stage="saved"]'), guide, state.taps);
  await showNext(find('.stage[data-stage="saved"]'), guide, await sent);
});
onWaiting(({ n }) => setText(find("#sync-words"), n > 0 ? w("strength.js.kept") : ""));
show(state.stage, false);
document.body.dataset.guide = "ready";
if (state.is_early) find(".early-text").hidden = false;
if (state.heed) sayIn(find('.stage[data-stage="end"]'), state.heed.words);
if (state.eased) {
  setText(find("#eased"), w("strength.js.eased", { words: state.eased }));
  find("#eased").hidden = false;
  const answered = find(`input[name="pain_before"][value="${state.pain_before}"]`);
  if (answered) answered.checked = true;
}

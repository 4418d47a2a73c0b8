// What the runner does with one tap or a hold: start, pause, lap, stop, pain. Pain survives a lost network.
import { ApiError, call, keep, newKey, tap, waiting } from "./api.js";
import { find, findAll, on, onHold, setText } from "./dom.js";
import { leaveFor } from "./live_leave.js";
import { offerUndo, toast } from "./live_toast.js";
import { unlock } from "./speech.js";
import { w } from "./words.js";

let where = "back";

async function act(run_id, path, body, done) {
  try {
    await tap(path, { run_id, ...body });
    if (done) toast(done);
    return true;
  } catch (error) {
    toast(w("live.control.failed", { words: error instanceof ApiError ? error.message : w("live.stream.waiting") }));
    return false;
  }
}

/** A tap that survives a lost network. Returns whether the coach has answered; else it waits and is sent later. */
export async function keepOrLater(path, body, done) {
  try {
    const answer = await keep("POST", path, body);
    const kept = waiting().n_here ? "live.control.held_here" : "live.control.saved_later";
    toast(answer === undefined ? w(kept) : done);
    return answer !== undefined;
  } catch (error) {
    toast(w("live.control.failed", { words: error.message }));
    return true;
  }
}

/** state: {run_id, is_on, is_paused} as the coach last reported; refresh: asks it again. */
export function bindControls(state, refresh) {
  bindStart(refresh);
  bindPlan();
  bindGoOn(refresh);
  on("#pause", "click", async () => { if (await act(state.run_id, state.is_paused ? "/run/resume" : "/run/pause")) await refresh(); });
  const ask = (is_tap) => toast(w(is_tap ? "live.control.hold_longer" : "live.control.hold_again"));
  onHold(find("#lap"), () => act(state.run_id, "/run/lap", { kind: "lap" }, w("live.control.lapped")), { ask });
  onHold(find("#stop"), () => stop(state.run_id), { ask });
  on("#pain", "click", () => { choosePlace("back"); find("#pain-dialog").showModal(); });
  for (const button of findAll("[data-where]")) button.addEventListener("click", () => choosePlace(button.dataset.where));
  for (const button of findAll("[data-pain]")) {
    button.addEventListener("click", () => {
      find("#pain-dialog").close();
      const level = Number(button.dataset.pain);
      const run_id = state.run_id;
      void keepOrLater("/run/pain", { run_id, level, is_calf: where === "calf" }, w("live.control.pain_noted", { level }));
      offerUndo(() => void keepOrLater("/run/pain/undo", { run_id }, w("live.control.undone")));
    });
  }
  for (const button of findAll("[data-part]")) {
    button.addEventListener("click", () => act(state.run_id, "/run/lap", { kind: button.dataset.part }).then(refresh));
  }
  on("#more", "click", () => find("#more-dialog").showModal());
  for (const button of findAll("[data-close]")) button.addEventListener("click", () => button.closest("dialog").close());
  on("#unlock-yes", "click", () => { unlock(); find("#unlock").hidden = true; });
  on("#unlock-no", "click", () => { find("#unlock").hidden = true; });
}

function choosePlace(name) {
  where = name;
  for (const button of findAll("[data-where]")) button.setAttribute("aria-pressed", String(button.dataset.where === name));
}

function bindStart(refresh) {
  let start_key = newKey();
  find("#start").disabled = false; // a tap before this script would have sent the form itself
  on("#start-form", "submit", async (event) => {
    event.preventDefault();
    unlock();
    const form = event.target;
    const button = find("#start");
    const facts = new FormData(form);
    button.disabled = true;
    setText(find("#start-words"), "");
    try {
      await call("POST", "/run/start", {
        place: facts.get("place"),
        focus: facts.get("focus") || null,
        is_run_walk: facts.get("workout") === "run_walk",
        workout_id: facts.get("workout") === "run_walk" ? "" : facts.get("workout") ?? "",
        shoes: facts.get("shoes") ?? "",
        slope_pct: facts.get("slope_pct") ? Number(facts.get("slope_pct")) : null,
        notes: facts.get("notes") ?? "",
        has_warm_up: facts.get("has_warm_up") !== null,
        is_confirmed: facts.get("is_confirmed") !== null,
      }, { timeout_ms: 60000, key: start_key });
      start_key = newKey();
      await refresh();
    } catch (error) {
      if (error instanceof ApiError) start_key = newKey(); // answered; without an answer the next tap is a repeat
      setText(find("#start-words"), error instanceof ApiError ? error.message : w("live.stream.waiting"));
    } finally {
      button.disabled = false;
    }
  });
}

/** The plan for the place and shoes chosen: each has a baseline of its own. */
function bindPlan() {
  const form = find("#start-form");
  form.addEventListener("change", async (event) => {
    if (!["place", "shoes"].includes(event.target.name)) return;
    const facts = new FormData(form);
    const query = new URLSearchParams({ place: String(facts.get("place") ?? ""), shoes: String(facts.get("shoes") ?? "") });
    try {
      const plan = await call("GET", `/coaching/plan?${query}`);
      setText(find("#plan-words"), plan.reason);
    } catch { /* the plan shown was made for another place; the run itself is planned when it starts */ }
  });
}

/** A run that was cut off with the coach goes on: same run, same sensors. */
function bindGoOn(refresh) {
  for (const button of findAll("[data-go-on]")) {
    button.disabled = false;
    button.addEventListener("click", async () => {
      unlock();
      button.disabled = true;
      try {
        await tap("/run/go_on", { run_id: button.dataset.goOn }, { timeout_ms: 60000 });
        await refresh();
      } catch (error) {
        toast(w("live.control.failed", { words: error instanceof ApiError ? error.message : w("live.stream.waiting") }));
      } finally {
        button.disabled = false;
      }
    });
  }
}

async function stop(run_id) {
  toast(w("live.control.stopping"));
  try {
    const run = await tap("/run/stop", { run_id }, { timeout_ms: 60000 });
    leaveFor(run.run_id);
  } catch (error) {
    toast(w("live.control.failed", { words: error instanceof ApiError ? error.message : w("live.stream.waiting") }));
  }
}

export function paintPause(is_paused) {
  const button = find("#pause");
  const words = w(is_paused ? "live.control.resume" : "live.control.pause");
  if (button.lastChild.textContent.trim() !== words) button.lastChild.textContent = words;
  button.setAttribute("aria-pressed", String(is_paused));
}

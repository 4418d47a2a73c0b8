// What the runner does during a run on the phone alone: each tap goes to the core in the worker, and so into the log.
import { find, findAll, on, onHold } from "../dom.js";
import { offerUndo, toast } from "../live_toast.js";
import { hush } from "../speech.js";
import { w } from "../words.js";
import { run } from "./live.js";

let where = "back";

function choosePlace(name) {
  where = name;
  for (const button of findAll("[data-where]")) button.setAttribute("aria-pressed", String(button.dataset.where === name));
}

/** act(verb, arguments): sent to the core; stop(): ends the run. */
export function bindControls(act, stop) {
  const tryTo = async (verb, args, done) => {
    try {
      await act(verb, args);
      if (done) toast(done);
    } catch (error) {
      toast(w("live.control.failed", { words: error.message }));
    }
  };
  const ask = (is_tap) => toast(w(is_tap ? "live.control.hold_longer" : "live.control.hold_again"));
  on("#pause", "click", () => tryTo(run.is_paused ? "resume" : "pause"));
  on("#mute", "click", () => {
    const is_muted = !run.is_muted;
    if (is_muted) hush();
    void tryTo("mute", { is_muted }, w(is_muted ? "live.control.muted" : "live.control.unmuted"));
  });
  onHold(find("#lap"), () => tryTo("lap", { kind: "lap" }, w("live.control.lapped")), { ask });
  onHold(find("#stop"), stop, { ask });
  on("#pain", "click", () => { choosePlace("back"); find("#pain-dialog").showModal(); });
  for (const button of findAll("[data-where]")) button.addEventListener("click", () => choosePlace(button.dataset.where));
  for (const button of findAll("[data-pain]")) {
    button.addEventListener("click", () => {
      find("#pain-dialog").close();
      const level = Number(button.dataset.pain);
      void tryTo("pain", { level, is_calf: where === "calf" }, w("live.control.pain_noted", { level }));
      offerUndo(() => void tryTo("take_back_pain", {}, w("live.control.undone")));
    });
  }
  for (const button of findAll("[data-part]")) button.addEventListener("click", () => tryTo("lap", { kind: button.dataset.part }));
  on("#more", "click", () => find("#more-dialog").showModal());
  for (const button of findAll("[data-close]")) button.addEventListener("click", () => button.closest("dialog").close());
}

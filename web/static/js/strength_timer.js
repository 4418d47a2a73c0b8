// One countdown or stopwatch at a time. Its end is a moment on the clock kept in this browser, so that a reload or a
// locked screen changes nothing: on return it shows what is really left, and says so if it has ended meanwhile.
import { find, setText } from "./dom.js";
import { speak, tone, vibrate } from "./speech.js";
import { w } from "./words.js";

const KEY = "strength-timer";
const LATE_MS = 15000; // ended longer ago than this: shown, no longer spoken

const clock_text = (seconds) => {
  const whole = Math.max(0, Math.ceil(seconds));
  return whole >= 60 ? `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}` : String(whole);
};

/**
 * on_end(timer, is_skipped) is called once for each timer, also after a reload.
 * @param {{ owner: string, speaks?: boolean, language?: string, on_end?: (timer: any, is_skipped: boolean) => void }} options
 */
export function makeTimer({ owner, speaks = true, language = "en", on_end = () => {} }) {
  const box = find("#timer");
  const skip = find(".timer-skip", box);
  let running = read();
  let said = new Set();

  function read() {
    try {
      const kept = JSON.parse(localStorage.getItem(KEY) ?? "null");
      return kept?.owner === owner ? kept : null;
    } catch { return null; }
  }

  function write() {
    try {
      if (running) localStorage.setItem(KEY, JSON.stringify(running));
      else localStorage.removeItem(KEY);
    } catch { /* private mode: the timer lives as long as the page */ }
  }

  function say(text) {
    setText(find("#timer-words"), text);
    if (speaks) speak(text, { language });
  }

  /**
   * facts: {kind: "rest" | "hold" | "count" | "warm_up" | "test", seconds, ...}. lead_s: time to get into position first;
   * each_s: length of a repetition that is counted aloud; sides: 2 where the other side follows.
   */
  function start(facts) {
    const started_at = Date.now() + (facts.lead_s ?? 0) * 1000;
    running = { ...facts, owner, started_at, ends_at: started_at + facts.seconds * 1000 };
    said = new Set();
    write();
    const opening = facts.lead_s ? facts.lead_words ?? w("strength.js.ready") : facts.opening;
    if (opening) say(opening);
    tick();
  }

  function end(is_skipped) {
    const ended = running;
    running = null;
    write();
    box.hidden = true;
    if (!ended) return;
    const is_late = Date.now() - ended.ends_at > LATE_MS;
    if (!is_skipped && !is_late) {
      vibrate();
      tone(true);
      if (ended.sides > 1) {
        start({ ...ended, sides: ended.sides - 1, lead_words: w("strength.js.other_side") });
        return;
      }
      if (ended.closing) say(ended.closing);
    }
    on_end(ended, is_skipped);
  }

  /** What is said within: repetitions as they are done, half of a hold, its last three seconds. */
  function sayWithin(left) {
    const gone = running.seconds - left;
    if (running.lead_s && gone >= 0) once("go", gone < 2, running.opening);
    if (running.each_s) {
      const n_done = Math.floor(gone / running.each_s);
      once(`rep ${n_done}`, n_done > 0 && left > 0 && gone - n_done * running.each_s < 1, String(n_done));
    }
    once("ten", running.kind === "rest" && left <= 10 && left > 8 && running.seconds > 15, w("strength.js.ten"));
    if (running.kind !== "hold") return;
    once("half", left <= running.seconds / 2 && left > running.seconds / 2 - 2 && running.seconds >= 20, w("strength.js.half"));
    const last = Math.ceil(left);
    once(`last ${last}`, last > 0 && last <= 3 && gone > 1, String(last));
  }

  function tick() {
    if (!running) { box.hidden = true; return; }
    const left = (running.ends_at - Date.now()) / 1000;
    box.hidden = false;
    const is_lead = left > running.seconds;
    setText(find(".timer-name", box), is_lead ? w("strength.js.ready") : running.name);
    setText(skip, running.skip_words ?? w("strength.js.skip"));
    const shown = running.is_stopwatch ? running.seconds - left : left;
    const counted = running.each_s ? String(Math.floor((running.seconds - left) / running.each_s) + 1) : clock_text(left);
    if (is_lead) setText(find(".timer-left", box), clock_text(left - running.seconds));
    else setText(find(".timer-left", box), running.is_stopwatch ? clock_text(Math.floor(shown)) : counted);
    sayWithin(left);
    if (left <= 0) end(false);
  }

  function once(name, is_time, text) {
    if (!is_time || said.has(name)) return;
    said.add(name);
    if (text) say(text);
    if (!speaks) tone();
  }

  skip.addEventListener("click", () => end(true));
  setInterval(tick, 200);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
  tick();
  return { start, stop: () => end(true), now: () => running };
}

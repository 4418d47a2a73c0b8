// One countdown or stopwatch at a time. Its end is a moment on the clock kept in this browser, so that a reload or a
// locked screen changes nothing: on return it shows what is really left, and says so if it has ended meanwhile.
import { find, setText } from "./dom.js";
import { speak, tone, vibrate } from "./speech.js";
import { w } from "./words.js";

const KEY = "strength-timer";
const LATE_MS = 15000; // ended longer ago than this: shown, no longer spoken

export const clock_text = (seconds) => {
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

  /** facts: {kind: "rest" | "hold" | "warm_up" | "test", seconds, ...} */
  function start(facts) {
    running = { owner, started_at: Date.now(), ends_at: Date.now() + facts.seconds * 1000, ...facts };
    said = new Set();
    write();
    if (facts.opening) say(facts.opening);
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
      if (ended.closing) say(ended.closing);
    }
    on_end(ended, is_skipped);
  }

  function tick() {
    if (!running) { box.hidden = true; return; }
    const left = (running.ends_at - Date.now()) / 1000;
    box.hidden = false;
    setText(find(".timer-name", box), running.name);
    setText(skip, running.skip_words ?? w("strength.js.skip"));
    const shown = running.is_stopwatch ? running.seconds - left : left;
    setText(find(".timer-left", box), running.is_stopwatch ? clock_text(Math.floor(shown)) : clock_text(left));
    once("ten", running.kind === "rest" && left <= 10 && left > 8 && running.seconds > 15, w("strength.js.ten"));
    once("half", running.kind === "hold" && left <= running.seconds / 2 && running.seconds >= 20, w("strength.js.half"));
    if (left <= 0) end(false);
  }

  function once(name, is_time, text) {
    if (!is_time || said.has(name)) return;
    said.add(name);
    say(text);
  }

  skip.addEventListener("click", () => end(true));
  setInterval(tick, 200);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
  tick();
  return { start, stop: () => end(true), now: () => running };
}

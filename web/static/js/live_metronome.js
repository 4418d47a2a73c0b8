// A metronome for the steps, by sound or vibration, where this phone's owner wants one. When and how fast it may tick
// the coach decides: it is gated by pain and faded like any cue.
//
// Sound is laid out a little ahead on the sound's own clock, since timers of a page come late; vibration cannot be.
import { chosen } from "./live_choices.js";
import { can, soundNow, tick } from "./speech.js";

const LOOK_MS = 100;
const AHEAD_S = 0.35; // more than a busy page's timer is late
const PULSE_MS = 35; // long enough to feel, and over before the next step

let spm = null;
let is_silent = true;
let timer = 0;
let next_s = 0;
let next_ms = 0;

/** Steps per minute to tick at; null for none. */
export function tickAt(new_spm) {
  spm = new_spm;
  follow();
}

export function silenceTicks(now) {
  is_silent = now;
  follow();
}

function follow() {
  const is_wanted = spm !== null && !is_silent;
  if (is_wanted && !timer) {
    next_s = next_ms = 0;
    timer = setInterval(look, LOOK_MS);
  } else if (!is_wanted && timer) {
    clearInterval(timer);
    timer = 0;
  }
}

function look() {
  const mode = chosen().metronome;
  if (mode === "sound") layOut();
  else if (mode === "vibration") pulse();
}

function layOut() {
  const now_s = soundNow();
  if (now_s === null) return;
  if (next_s < now_s) next_s = now_s + 0.05;
  for (; next_s < now_s + AHEAD_S; next_s += 60 / spm) tick(next_s, chosen().volume);
}

function pulse() {
  const now_ms = performance.now();
  if (next_ms < now_ms - LOOK_MS) next_ms = now_ms;
  for (; next_ms < now_ms + LOOK_MS; next_ms += 60_000 / spm) {
    setTimeout(() => { if (can.vibrate && timer) navigator.vibrate(PULSE_MS); }, Math.max(0, next_ms - now_ms));
  }
}

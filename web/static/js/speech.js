// A cue to the ear and the hand: speech, tone, vibration. Browsers keep speech and sound locked until a tap:
// call `unlock()` from the tap that starts the run.

let context = null;
let voices = [];
const synth = window.speechSynthesis;

function readVoices() { voices = synth?.getVoices() ?? []; }
readVoices();
synth?.addEventListener?.("voiceschanged", readVoices);

export const can = {
  speak: Boolean(synth),
  tone: "AudioContext" in window,
  vibrate: typeof navigator.vibrate === "function",
  duck: Boolean(navigator.audioSession),
};

/**
 * Where the browser allows it (W3C Audio Session; Safari), other sound on the phone is made softer while a sentence is
 * said, and comes back afterwards. Elsewhere the phone decides.
 */
function duckFor(utterance) {
  const session = navigator.audioSession;
  if (!session) return;
  utterance.onstart = () => { session.type = "transient"; };
  utterance.onend = utterance.onerror = () => { if (!synth.pending) session.type = "auto"; };
}

/** The voices for this language, for a choice by name. */
export const voicesFor = (language) => voices.filter((voice) => voice.lang.toLowerCase().startsWith(language));

/** Must run within a tap. */
export function unlock() {
  if (can.tone) {
    context ??= new AudioContext();
    void context.resume();
  }
  if (synth) {
    const silent = new SpeechSynthesisUtterance(" ");
    silent.volume = 0;
    synth.speak(silent);
  }
}

/**
 * Say `text`. What is still being said is cut off, or, with `waits`, heard out first: a cue goes before a kilometre.
 * Chrome drops speech that follows a cancel at once, hence the wait.
 */
export function speak(text, { voice_name = "", volume = 1, language = "en", waits = false } = {}) {
  if (!synth) return;
  const utterance = new SpeechSynthesisUtterance(text);
  utterance.lang = language;
  utterance.volume = volume;
  utterance.voice = voices.find((voice) => voice.name === voice_name) ?? null;
  duckFor(utterance);
  const was_speaking = !waits && (synth.speaking || synth.pending);
  if (was_speaking) synth.cancel();
  setTimeout(() => synth.speak(utterance), was_speaking ? 60 : 0);
}

/** A short tone; `up` rises (more), false falls (less), undefined stays level. */
export function tone(up, volume = 1) {
  if (!context) return;
  const start = context.currentTime;
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  oscillator.type = "triangle";
  oscillator.frequency.setValueAtTime(up === false ? 880 : 660, start);
  oscillator.frequency.setValueAtTime(up === undefined ? 660 : up ? 880 : 660, start + 0.12);
  gain.gain.setValueAtTime(0.0001, start);
  gain.gain.exponentialRampToValueAtTime(0.25 * Math.max(volume, 0.01), start + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.0001, start + 0.3);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(start);
  oscillator.stop(start + 0.32);
}

/** A short tick at `at_s` of the sound's own clock [s]; see `soundNow`. */
export function tick(at_s, volume = 1) {
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  oscillator.type = "square";
  oscillator.frequency.value = 1000;
  // Under speech a tick is softer: words go first.
  gain.gain.setValueAtTime(0.12 * Math.max(volume, 0.01) * (synth?.speaking ? 0.25 : 1), at_s);
  gain.gain.exponentialRampToValueAtTime(0.0001, at_s + 0.04);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(at_s);
  oscillator.stop(at_s + 0.05);
}

/** The time of the sound's own clock [s], null while sound is locked. */
export const soundNow = () => (context?.state === "running" ? context.currentTime : null);

/** Resolves when nothing is being said any more, after `longest_ms` at the latest. */
export async function heardOut(longest_ms) {
  const until_ms = performance.now() + longest_ms;
  while ((synth?.speaking || synth?.pending) && performance.now() < until_ms) {
    await new Promise((go) => { setTimeout(go, 100); });
  }
}

export function vibrate(pattern = [120, 80, 120]) {
  if (can.vibrate) navigator.vibrate(pattern);
}

export function hush() {
  synth?.cancel();
  if (can.vibrate) navigator.vibrate(0);
}

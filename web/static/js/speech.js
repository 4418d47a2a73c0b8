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
};

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

/** Say `text`. What is still being said is cut off; Chrome drops speech that follows a cancel at once, hence the wait. */
export function speak(text, { voice_name = "", volume = 1, language = "en" } = {}) {
  if (!synth) return;
  const utterance = new SpeechSynthesisUtterance(text);
  utterance.lang = language;
  utterance.volume = volume;
  utterance.voice = voices.find((voice) => voice.name === voice_name) ?? null;
  const was_speaking = synth.speaking || synth.pending;
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

export function vibrate(pattern = [120, 80, 120]) {
  if (can.vibrate) navigator.vibrate(pattern);
}

export function hush() {
  synth?.cancel();
  if (can.vibrate) navigator.vibrate(0);
}

// What this phone's owner chose for the page in motion: channels of cues, voice, numbers. Kept in this browser.
import { find, findAll, on, readData, setText } from "./dom.js";
import { can, speak, tone, unlock, vibrate, voicesFor } from "./speech.js";
import { w } from "./words.js";

const KEY = "live-choices";
const wishes = readData("wishes", {});

const choices = {
  text: wishes.text ?? true, speech: wishes.speech ?? true, tone: wishes.tone ?? true, vibration: wishes.vibration ?? true,
  say_start: wishes.speech ?? true, say_workout: true, say_splits: wishes.speech ?? true, say_laps: wishes.speech ?? true, say_target: wishes.speech ?? true,
  say_sensors: wishes.speech ?? true, say_end: wishes.speech ?? true, metronome: "off",
  voice: "", volume: 1, main: "cadence_spm", first: "contact_time_ms", second: "step_length_m", ...read(),
};

function read() {
  try { return JSON.parse(localStorage.getItem(KEY) ?? "{}"); } catch { return {}; }
}

export const chosen = () => choices;
export const language = wishes.language ?? "en";

/** Fill the dialog from the choices and keep every change. */
export function bindChoices(changed) {
  const form = find("#choices");
  if (!form) return;
  fillVoices(form.elements.voice);
  window.speechSynthesis?.addEventListener?.("voiceschanged", () => fillVoices(form.elements.voice));
  for (const input of findAll("input[name], select[name]", form)) {
    if (!(input.name in choices)) continue;
    if (input.type === "checkbox") input.checked = choices[input.name];
    else input.value = choices[input.name];
    input.addEventListener("change", () => {
      choices[input.name] = input.type === "checkbox" ? input.checked : input.type === "range" ? Number(input.value) : input.value;
      try { localStorage.setItem(KEY, JSON.stringify(choices)); } catch { /* private mode: for this visit only */ }
      changed();
    });
  }
  form.elements.speech.disabled = !can.speak;
  form.elements.vibration.disabled = !can.vibrate;
  const missing = [can.speak ? "" : w("live.settings.no_speech"), can.vibrate ? "" : w("live.settings.no_vibration")];
  setText(find("#cannot"), missing.filter(Boolean).join(" "));
  on("#try-cue", "click", () => { unlock(); sound(w("live.settings.sample"), ["speech", "tone", "vibration"], true); });
}

/** Give a cue to the ear and the hand, by the channels that both the coach and this phone's owner want. */
export function sound(words, channels, up) {
  if (choices.tone && channels.includes("tone")) tone(up, choices.volume);
  if (choices.vibration && channels.includes("vibration")) vibrate();
  if (choices.speech && channels.includes("speech")) {
    speak(words, { voice_name: choices.voice, volume: choices.volume, language });
  }
}

/** What is said besides cues, where this phone's owner wants that kind. It waits for a cue that is being said. */
export function sayProgress({ kind, words, is_alarm = false }, is_muted) {
  if (is_muted || !choices[`say_${kind}`]) return;
  if (is_alarm && choices.vibration) vibrate([300, 100, 300]);
  speak(words, { voice_name: choices.voice, volume: choices.volume, language, waits: true });
}

function fillVoices(select) {
  const known = new Set([...select.options].map((option) => option.value));
  for (const voice of voicesFor(language)) {
    if (!known.has(voice.name)) select.append(new Option(voice.name, voice.name));
  }
  select.value = choices.voice;
}

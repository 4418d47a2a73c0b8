// Keeps the screen on during a run where the browser allows it, and says so where it does not.
import { find, make, setText } from "./dom.js";
import { w } from "./words.js";

let lock = null;
let is_wanted = false;

export async function keepAwake(is_on) {
  is_wanted = is_on;
  if (!is_on) {
    await lock?.release();
    lock = null;
    setText(find("#wake-words"), "");
    return;
  }
  if (!("wakeLock" in navigator)) {
    show(window.isSecureContext ? "live.wake.missing" : "live.wake.insecure", !window.isSecureContext);
    return;
  }
  try {
    lock = await navigator.wakeLock.request("screen");
    setText(find("#wake-words"), "");
  } catch {
    show("live.wake.refused");
  }
}

function show(key, has_help = false) {
  const place = find("#wake-words");
  place.replaceChildren(w(key), ...(has_help ? [" ", make("a", { href: "/install", textContent: w("live.wake.how") })] : []));
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && is_wanted) void keepAwake(true);
});

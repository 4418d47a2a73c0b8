// What this browser can do at this address.
import { find, findAll, setText } from "./dom.js";
import { can } from "./speech.js";
import { w } from "./words.js";

const is_secure = window.isSecureContext;
const needs_secure = (has) => (has ? "install.can" : is_secure ? "install.cannot_browser" : "install.cannot");
const answers = {
  speech: can.speak ? "install.can" : "install.cannot_browser",
  ducking: can.duck ? "install.can" : "install.phone_decides",
  vibration: can.vibrate ? "install.can" : "install.cannot_browser",
  wake: needs_secure("wakeLock" in navigator),
  app: needs_secure("serviceWorker" in navigator),
  push: needs_secure("PushManager" in window && "serviceWorker" in navigator),
};
for (const cell of findAll("[data-ability]")) {
  const key = answers[cell.dataset.ability];
  if (key) setText(cell, w(key));
}
find("#secure").hidden = !is_secure;
find("#plain").hidden = is_secure;

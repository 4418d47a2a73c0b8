// What this browser must be able to do for a run on the phone alone.
import { find, make } from "../dom.js";
import { w } from "../words.js";

const FREE_BYTES = 300e6;

async function needs() {
  if (!window.isSecureContext) return ["phone.needs.insecure"];
  const found = [];
  if (!navigator.bluetooth) found.push("phone.needs.no_bluetooth");
  else if (!(await navigator.bluetooth.getAvailability().catch(() => false))) found.push("phone.needs.radio_off");
  if (!("serviceWorker" in navigator)) found.push("phone.needs.no_worker");
  if (!navigator.storage?.getDirectory) found.push("phone.needs.no_storage");
  else {
    const { quota = 0, usage = 0 } = await navigator.storage.estimate();
    if (quota - usage < FREE_BYTES) found.push("phone.needs.little_space");
  }
  if (!("wakeLock" in navigator)) found.push("phone.needs.no_wake");
  return found;
}

/** Show what is missing; whether the coach can be used here. */
export async function showNeeds() {
  const found = await needs();
  const box = find("#needs");
  box.classList.toggle("notice-warn", found.length > 0);
  box.replaceChildren(...(found.length ? found : ["phone.needs.ok"]).map((key) => make("p", { textContent: w(key) })));
  return !found.some((key) => key !== "phone.needs.no_wake" && key !== "phone.needs.radio_off" && key !== "phone.needs.no_bluetooth" && key !== "phone.needs.little_space");
}

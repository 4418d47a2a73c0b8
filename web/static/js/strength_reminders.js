// The channels of reminders: try one, and have this phone's browser reminded.
import { find, findAll, on, setText } from "./dom.js";
import { get, post } from "./api.js";
import { w } from "./words.js";

const show = (kind, text) => setText(find(`.try-words[data-for="${kind}"]`), text);

for (const button of findAll("[data-try]")) {
  on(button, "click", async () => {
    const kind = button.dataset.try;
    show(kind, w("strength.js.tried"));
    try {
      show(kind, (await post(`/reminders/try/${kind}`)).words);
    } catch (error) {
      show(kind, error.message);
    }
  });
}

function bytes(text) {
  const padded = text.replace(/-/g, "+").replace(/_/g, "/").padEnd(Math.ceil(text.length / 4) * 4, "=");
  return Uint8Array.from(atob(padded), (letter) => letter.charCodeAt(0));
}

on("#push-add", "click", async () => {
  if (!window.isSecureContext || !("serviceWorker" in navigator) || !("PushManager" in window)) {
    show("push", w("strength.js.push_off"));
    return;
  }
  try {
    if ((await Notification.requestPermission()) !== "granted") throw new Error(w("strength.js.push_off"));
    const worker = await navigator.serviceWorker.ready;
    const { public_key } = await get("/reminders/push");
    const options = { userVisibleOnly: true, applicationServerKey: bytes(public_key) };
    const { endpoint, keys } = (await worker.pushManager.subscribe(options)).toJSON();
    await post("/reminders/push", { endpoint, p256dh: keys.p256dh, auth: keys.auth, name: navigator.platform ?? "" });
    show("push", w("strength.js.push_on"));
  } catch (error) {
    show("push", error.message);
  }
});

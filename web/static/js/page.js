// What every page does: the theme choice, the note about writes that wait for the network, the service worker.
import { find, findAll, setText } from "./dom.js";
import { onRefused, onWaiting, patch } from "./api.js";
import { w } from "./words.js";

for (const picker of findAll("[data-theme-picker]")) {
  picker.addEventListener("change", () => {
    document.documentElement.dataset.theme = picker.value;
    document.cookie = `theme=${picker.value}; path=/; max-age=31536000; samesite=lax`;
    document.dispatchEvent(new CustomEvent("themechange"));
  });
}

// The main menu is at the bottom of a phone and grows with the reader's text: the page ends above it.
const menu = find(".nav");
if (menu && "ResizeObserver" in window) {
  new ResizeObserver(() => {
    const is_fixed = getComputedStyle(menu).position === "fixed";
    document.documentElement.style.setProperty("--nav-height", is_fixed ? `${menu.offsetHeight}px` : "0px");
  }).observe(menu);
}

let had_waiting = false;
onWaiting(({ n, n_here }) => {
  const status = document.getElementById("outbox-words");
  if (n_here > 0) setText(status, w("page.offline.only_here", { n: n_here }));
  else if (n > 0) setText(status, w("page.offline.waiting", { n }));
  else if (had_waiting) setText(status, w("page.offline.sent"));
  status?.classList.toggle("unseen", n === 0);
  status?.classList.toggle("outbox", n > 0);
  had_waiting = n > 0;
});
onRefused((words) => {
  const status = document.getElementById("outbox-words");
  status?.classList.replace("unseen", "outbox");
  setText(status, w("page.offline.refused", { words }));
  had_waiting = false;
});

// A runner who has chosen no time zone lives in this phone's: times are in one zone on every page. Once for each
// browser, so that UTC can still be chosen.
const own_zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (document.documentElement.dataset.zone === "UTC" && own_zone && own_zone !== "UTC") {
  try {
    if (localStorage.getItem("zone-kept") === null) {
      await patch("/runner", { time_zone: own_zone });
      localStorage.setItem("zone-kept", own_zone);
      if (["/", "/runs", "/strength", "/strength/setup"].includes(location.pathname)) location.reload();
    }
  } catch { /* asked again with the next page */ }
}

if (window.isSecureContext && "serviceWorker" in navigator) {
  navigator.serviceWorker.register("/service-worker.js").catch((error) => console.info(`no service worker: ${error.message}`));
}

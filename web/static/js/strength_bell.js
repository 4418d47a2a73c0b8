// Reminders while a page is open: one that is delivered now appears at the top of the page, and goes when it is dealt with,
// here or elsewhere. `data-bell` on the body switches it off (the page in motion has its own stream and no room).
import { find, findAll, make } from "./dom.js";
import { keep } from "./api.js";
import { w } from "./words.js";

const first_wait_ms = 1000;
const longest_wait_ms = 60000;
let wait_ms = first_wait_ms;

/** The notice of one reminder, as the server writes it in open_reminders.html. */
function notice(reminder) {
  const close = make("button", { className: "button button-quiet close-reminder", type: "button", textContent: w("strength.js.close") });
  close.dataset.close = reminder.key;
  const go = make("a", { className: "button", href: reminder.link, textContent: w("strength.js.go") });
  const words = make("p", {}, make("b", { textContent: reminder.title }), make("br"), reminder.body);
  const box = make("section", { className: "notice notice-good reminder" }, words, make("div", { className: "row" }, go, close));
  box.dataset.reminder = reminder.key;
  box.setAttribute("role", "status");
  return box;
}

const known = (key) => findAll(".reminder").find((box) => box.dataset.reminder === key);

function heard(event) {
  const reminder = JSON.parse(event.data);
  if (reminder.closed) { known(reminder.closed)?.remove(); return; }
  if (!reminder.key || known(reminder.key)) return;
  for (const older of findAll(".reminder").filter((box) => box.dataset.group && box.dataset.group === reminder.group)) older.remove();
  const box = notice(reminder);
  box.dataset.group = reminder.group;
  find("main").prepend(box);
}

function open() {
  const source = new EventSource("/api/v1/live");
  source.addEventListener("reminder", heard);
  source.addEventListener("heartbeat", () => { wait_ms = first_wait_ms; });
  source.onopen = () => { document.body.dataset.bell = "on"; };
  const again = () => {
    source.close();
    setTimeout(open, wait_ms);
    wait_ms = Math.min(2 * wait_ms, longest_wait_ms);
  };
  source.addEventListener("bye", again);
  source.onerror = again;
  window.addEventListener("pagehide", () => source.close(), { once: true });
}

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  /** @type {HTMLElement | null} */
  const button = event.target.closest("[data-close]");
  if (!button) return;
  const box = button.closest(".reminder");
  box.remove();
  if (!button.dataset.close.startsWith("trial:")) void keep("POST", "/reminders/close", { key: button.dataset.close });
});

open();

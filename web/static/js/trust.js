// Lead to https: this page, by http, checks every few seconds whether the phone trusts the coach's certificate by now,
// and says so. A refused certificate fails as a lost network does; the coach itself has just been reached.
import { find, setText } from "./dom.js";
import { w } from "./words.js";

const EVERY_MS = 3000;
const card = find("#go-on");

async function look() {
  if (document.hidden) return;
  try {
    await fetch(card.dataset.probe, { mode: "no-cors", cache: "no-store", credentials: "omit" });
    setText(find("#trust-words"), w("install.trust.trusted"));
    card.dataset.trusted = "yes";
    clearInterval(looking);
  } catch { /* not yet */ }
}

const looking = setInterval(look, EVERY_MS);
document.addEventListener("visibilitychange", () => void look());
void look();

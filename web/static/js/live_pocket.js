// Pocket mode: the screen stays on, black, and a touch does nothing until it is held and then confirmed. The run, its
// voice and its cues go on. A phone that sleeps stops the page; a phone in a pocket would tap Stop by itself.
import { find, on, onHold, setText } from "./dom.js";

const CONFIRM_MS = 5000;

export function bindPocket() {
  const pocket = find("#pocket-dialog");
  const yes = find("#pocket-out");
  let timer = 0;
  const ask = () => {
    yes.hidden = false;
    yes.focus();
    clearTimeout(timer);
    timer = setTimeout(() => { yes.hidden = true; }, CONFIRM_MS);
  };
  on("#pocket", "click", () => {
    yes.hidden = true;
    setText(find("#pocket-wake"), find("#wake-words").textContent); // a page that sleeps says nothing
    pocket.showModal();
    // The bars of browser and phone go too, where the browser lets them; a refusal changes nothing.
    void document.documentElement.requestFullscreen?.().catch(() => {});
  });
  onHold(find("#pocket-hold"), ask, { hold_ms: 1200, ask: (is_tap) => { if (!is_tap) ask(); } });
  on(pocket, "cancel", (event) => { event.preventDefault(); ask(); });
  on(yes, "click", () => pocket.close());
  on(pocket, "close", () => {
    clearTimeout(timer);
    if (document.fullscreenElement) void document.exitFullscreen();
  });
}

/** The run is over: nobody stays in the dark. */
export function leavePocket() {
  const pocket = find("#pocket-dialog");
  if (pocket.open) pocket.close();
}

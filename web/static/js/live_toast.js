// What a tap of a run is answered with: a line that goes by itself, and for pain a button that takes the tap back.
import { find, setText } from "./dom.js";

const UNDO_MS = 10000;
let hiding = 0;
let undoing = 0;

export function toast(words) {
  setText(find("#toast"), words);
  clearTimeout(hiding);
  hiding = setTimeout(() => setText(find("#toast"), ""), 5000);
}

/** A mis-tap can be taken back for ten seconds: `undo` is called when the runner asks for it. */
export function offerUndo(undo) {
  const button = find("#undo");
  const hide = () => { button.hidden = true; button.onclick = null; };
  clearTimeout(undoing);
  button.onclick = () => { hide(); undo(); };
  button.hidden = false;
  undoing = setTimeout(hide, UNDO_MS);
}

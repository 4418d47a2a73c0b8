// The run is over, here, on another phone or by the coach itself: what is still being said is heard out, then its story.
import { find, setText } from "./dom.js";
import { heardOut } from "./speech.js";
import { w } from "./words.js";

const HEAR_MS = 800; // the coach's word that the run ended comes by the stream, about when the tap is answered
const LONGEST_MS = 8000;
let is_leaving = false;

export function leaveFor(run_id) {
  if (is_leaving) return;
  is_leaving = true;
  setText(find("#toast"), w("live.control.stopping"));
  setTimeout(async () => {
    await heardOut(LONGEST_MS);
    location.assign(`/runs/${encodeURIComponent(run_id)}`);
  }, HEAR_MS);
}

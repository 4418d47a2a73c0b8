// The runner's silence. A tap counts at once and stays until the coach has heard of it: what the coach said before, and
// what comes while the tap waits for the network, is older than the tap.
import { keepOrLater } from "./live_controls.js";
import { on } from "./dom.js";
import { hush } from "./speech.js";
import { w } from "./words.js";

let wish = null; // {run_id, is_muted, is_sent: it no longer is on its way, is_heard: and the coach has answered}

/** state: {run_id, is_muted} as the page shows them; show(): of a changed state; refresh: asks the coach how the run is. */
export function bindMute(state, show, refresh) {
  on("#mute", "click", async () => {
    const is_muted = !state.is_muted;
    const tapped = { run_id: state.run_id, is_muted, is_sent: false, is_heard: false };
    wish = tapped;
    if (is_muted) hush();
    state.is_muted = is_muted;
    show();
    tapped.is_heard = await keepOrLater("/run/mute", { run_id: tapped.run_id, is_muted }, w(is_muted ? "live.control.muted" : "live.control.unmuted"));
    tapped.is_sent = true;
    if (tapped.is_heard) await refresh();
  });
}

/** Whether the run is muted: as the coach says, or as the runner tapped since. */
export function isMuted(run_id, is_muted_there) {
  if (wish && (wish.run_id !== run_id || (wish.is_sent && wish.is_muted === is_muted_there))) wish = null;
  return wish ? wish.is_muted : is_muted_there;
}

/** The tap that the coach has answered, if any: what it says of the run from now on is newer, `forgetTap` it then. */
export const heardTap = () => (wish?.is_heard ? wish : null);

export function forgetTap(tapped) {
  if (tapped && wish === tapped) wish = null;
}

// Runs go home: the log in pieces from where home has it, whole by its hash, and only then deleted here.
import { ApiError, send } from "./requests.js";
import { listRuns, logOf, removeRun } from "./store.js";
import { sha256 } from "./take.js";

const PIECE_BYTES = 256 << 10; // some twenty seconds of two feet: what a cut connection costs; chosen by judgement
const HAS_IT = new Set(["kept", "done", "merged", "unreadable"]);

/** One run. paint(state, share) gets how far it is. Gives home's last answer. */
async function bring(run_id, paint) {
  const address = `/phone/runs/${encodeURIComponent(run_id)}`;
  const file = await logOf(run_id);
  const digest = await sha256(await file.arrayBuffer());
  let here = await send("GET", `${address}/log`);
  for (let n_stuck = 0, n_damaged = 0; here.state === "unknown" || here.state === "arriving";) {
    const at = here.n_bytes;
    if (at >= file.size) {
      here = await send("POST", `${address}/finish`, JSON.stringify({ sha256: digest }));
      if (here.state === "unknown" && ++n_damaged > 2) throw new Error(here.words); // damaged on the way, again and again
      continue;
    }
    paint("sending", at / file.size);
    here = await send("PUT", `${address}/log?offset=${at}`, file.slice(at, at + PIECE_BYTES));
    n_stuck = here.n_bytes > at ? 0 : n_stuck + 1;
    if (n_stuck > 2) throw new Error("home does not take it");
  }
  if (HAS_IT.has(here.state) && here.sha256 === digest) await removeRun(run_id);
  else throw new Error(here.words || "home has other bytes under this name");
  return here;
}

/**
 * All runs that wait, oldest first, but the one that is not wholly written. paint(run_id, state, share) is called. Gives "" or why it had
 * to stop: "away" (home cannot be reached), "stranger", or words.
 */
export async function bringHome(unwritten, paint) {
  for (const { run_id, n_bytes } of await listRuns()) {
    if (run_id === unwritten || n_bytes === 0) continue;
    try {
      const here = await bring(run_id, (state, share) => paint(run_id, state, share));
      paint(run_id, here.state, 1, here.run_id);
    } catch (error) {
      if (error instanceof ApiError) return error.status === 401 ? "stranger" : error.message;
      return error instanceof TypeError ? "away" : error.message;
    }
  }
  return "";
}

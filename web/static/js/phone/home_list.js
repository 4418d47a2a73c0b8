// The list of runs that this phone holds, and of those it has brought home in this visit.
import { find, make, setText } from "../dom.js";
import { w } from "../words.js";
import { bringHome } from "./home.js";
import { toast } from "../live_toast.js";
import { run, say } from "./live.js";
import { listRuns, mb } from "./store.js";

const outcomes = new Map(); // run_id -> words of what became of it in this visit
let is_going = false;

export async function paintHome() {
  const rows = (await listRuns()).filter(({ run_id, n_bytes }) => n_bytes > 0 || run_id === run.unwritten).map(({ run_id, n_bytes }) =>
    make("li", { className: "row" }, make("strong", { textContent: run_id }), make("span", { className: "soft", textContent: w("phone.home.size", { mb: mb(n_bytes) }) }),
      make("span", { className: "chip", textContent: run_id === run.run_id ? w("phone.home.running") : run_id === run.unwritten ? w("phone.home.unwritten") : (outcomes.get(run_id)?.words ?? w("phone.home.waits")) })));
  const gone = [...outcomes].filter(([, { is_home }]) => is_home).map(([run_id, { words, home_id }]) =>
    make("li", { className: "row" }, make("strong", { textContent: run_id }), make("span", { className: "chip chip-glow", textContent: words }),
      home_id ? make("a", { href: `/runs/${encodeURIComponent(home_id)}`, textContent: w("phone.home.open") }) : ""));
  find("#home-list").replaceChildren(...rows, ...gone);
  if (!rows.length && !gone.length) find("#home-list").replaceChildren(make("li", { className: "soft", textContent: w("phone.home.none") }));
}

/** Bring home what waits; also a run whose page was killed. The page tries again by itself. */
export async function goHome() {
  if (is_going || run.is_on) return;
  is_going = true;
  try {
    const why = await bringHome(run.unwritten, (run_id, now, share, home_id) => {
      const words = now === "sending" ? w("phone.home.sending", { percent: Math.floor(100 * share) }) : w(`phone.home.${now}`);
      outcomes.set(run_id, { words, is_home: now !== "sending", home_id: home_id ?? (now === "kept" ? run_id : null) });
      void paintHome();
    });
    const waits = (await listRuns()).some(({ n_bytes }) => n_bytes > 0);
    const words = !waits || why === "" ? "" : why === "away" || why === "stranger" ? w(`phone.home.${why}`) : w("phone.home.refused", { words: why });
    setText(find("#home-words"), words);
    await paintHome();
  } finally {
    is_going = false;
  }
}

/** Whether what the core has written reached the phone's disk; what it refuses waits in memory and is tried again. */
export function takeLogState(now, words) {
  const sentence = now === "refused" ? w("phone.run.log_failed", { words: words === "full" ? w("phone.run.full") : words }) : w("phone.run.log_written");
  say(sentence);
  toast(sentence);
  if (now === "refused" || !run.unwritten) return;
  run.unwritten = null;
  void goHome();
}

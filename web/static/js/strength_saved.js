// The end of a guided session: what was done, as this browser knows it, and when the next session is, as the coach says.
import { find, make, setText } from "./dom.js";
import { get } from "./api.js";
import { locale, w } from "./words.js";

const amount = ({ reps, hold_s, load_kg }) => {
  const done = reps ?? `${hold_s} s`;
  return load_kg ? `${done} × ${load_kg} kg` : String(done);
};

export function showDone(part, guide, taps) {
  const lines = guide.exercises.flatMap(({ name }, index) => {
    const sets = Object.entries(taps).filter(([key]) => key.startsWith(`${index}:`)).map(([, set]) => amount(set));
    return sets.length ? [make("li", {}, make("b", { textContent: name }), ` ${sets.join(", ")}`)] : [];
  });
  find(".done-list", part).replaceChildren(...lines);
}

/** answer: what the coach said to the taps, undefined where they wait for the network. */
export async function showNext(part, guide, answer) {
  const place = find(".next-date", part);
  setText(place, w("strength.js.next_later"));
  if (answer === undefined) return;
  try {
    const { sessions } = await get("/strength/plan");
    const ahead = sessions.filter((one) => one.state === "planned" && one.due_at && one.session_id !== guide.session_id);
    const next = ahead.sort((a, b) => a.due_at.localeCompare(b.due_at))[0];
    if (!next) { setText(place, w("strength.js.next_none")); return; }
    const at = new Date(next.due_at);
    const write = (options) => new Intl.DateTimeFormat(locale(), { timeZone: guide.time_zone, ...options }).format(at);
    setText(place, w("strength.js.next_when", {
      day: write({ weekday: "long", day: "numeric", month: "long" }),
      clock: write({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
    }));
  } catch { /* the plan page says it */ }
}

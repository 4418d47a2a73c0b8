// Pain and warning signs as the start form of the phone alone holds them.
import { find } from "../dom.js";

/** What the runner answered, in the words of coach.phone.pack.Answers. */
export function answers() {
  const facts = new FormData(find("#phone-start"));
  const level = (name) => (facts.get(name) === null ? null : Number(facts.get(name)));
  const at = new Date().toISOString();
  const [back, calf] = [level("back"), level("calf")];
  const pain = back === null && calf === null ? [] : [{ at, moment: "before_run", back, calf }];
  const signs = facts.getAll("signs");
  const red_flags = signs.length || facts.get("signs_none") ? [{ at, signs }] : [];
  return JSON.stringify({ pain, red_flags });
}

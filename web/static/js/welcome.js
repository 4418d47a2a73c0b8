// First use: what the runner tells about the body goes to the coach, in SI units.
import { put } from "./api.js";
import { find, on, setText } from "./dom.js";
import { w } from "./words.js";

const number = (text, factor = 1) => (text ? Number(text) * factor : null);

find("#welcome-form [type=submit]").disabled = false;
on("#welcome-form", "submit", async (event) => {
  event.preventDefault();
  const facts = new FormData(event.target);
  try {
    await put("/welcome", {
      name: String(facts.get("name") ?? "").trim(),
      height_m: number(facts.get("height_cm"), 0.01),
      mass_kg: number(facts.get("mass_kg")),
      has_back_pain: facts.get("has_back_pain") !== null,
      units: facts.get("units"),
      time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC",
    });
    setText(find("#welcome-words"), w("access.welcome.saved"));
  } catch (error) {
    setText(find("#welcome-words"), error.message);
  }
});

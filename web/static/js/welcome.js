// First use: what the runner says of body and back goes to the coach, in SI units, with the phone's time zone.
import { keep, patch, put } from "./api.js";
import { find, findAll, on, setText } from "./dom.js";
import { w } from "./words.js";

// Per written unit: metres and kilograms; the bounds are the profile's (web/home.py).
const FACTORS = { metric: { height: 0.01, mass: 1 }, imperial: { height: 0.0254, mass: 0.45359237 } };
const BOUNDS = { height: [1, 2.3], mass: [30, 250] };
const form = find("#welcome-form");
let units = find("[name=units]:checked", form)?.value ?? "metric";

/** Labels, bounds and what was typed follow the choice of units. */
function useUnits(chosen) {
  for (const name of ["height", "mass"]) {
    const input = find(`[name=${name}]`, form);
    const factor = FACTORS[chosen][name];
    if (input.value && chosen !== units) input.value = String(Math.round((Number(input.value) * FACTORS[units][name]) / factor));
    [input.min, input.max] = BOUNDS[name].map((bound) => String(Math.round(bound / factor)));
    setText(find(`label[for=${input.id}]`, form), w(`access.welcome.${name}_${chosen}`));
  }
  units = chosen;
}

if (form.dataset.fresh !== undefined && navigator.language.endsWith("-US")) {
  find("[name=units][value=imperial]", form).checked = true;
}
useUnits(find("[name=units]:checked", form)?.value ?? "metric");
for (const radio of findAll("[name=units]", form)) radio.addEventListener("change", () => useUnits(radio.value));
for (const radio of findAll("[name=language]", form)) {
  radio.addEventListener("change", async () => {
    try {
      await patch("/runner", { language: radio.value });
      location.reload();
    } catch (error) {
      setText(find("#welcome-words"), error.message);
    }
  });
}
for (const button of findAll("[type=submit]")) button.disabled = false;

on(form, "submit", async (event) => {
  event.preventDefault();
  const facts = new FormData(form);
  const si = (name) => (facts.get(name) ? Number(facts.get(name)) * FACTORS[units][name] : null);
  try {
    await put("/welcome", {
      name: String(facts.get("name") ?? "").trim(),
      height_m: si("height"),
      mass_kg: si("mass"),
      has_back_pain: facts.get("has_back_pain") !== null,
      units,
      language: String(facts.get("language") ?? ""),
      time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC",
    });
    setText(find("#welcome-words"), w("access.welcome.saved"));
  } catch (error) {
    setText(find("#welcome-words"), error.message);
  }
});

on("#pain-form", "submit", async (event) => {
  event.preventDefault();
  const facts = new FormData(event.target);
  const level = (name) => (facts.get(name) === null ? null : Number(facts.get(name)));
  if (level("back") === null) { setText(find("#pain-words"), w("home.pain.none")); return; }
  try {
    const state = await keep("POST", "/today/pain", { moment: "before_run", back: level("back"), calf: level("calf") });
    setText(find("#pain-words"), w("home.pain.saved", { words: state?.words ?? "" }));
  } catch (error) {
    setText(find("#pain-words"), error.message);
  }
});

// The question of the morning after: one number for the back, one for the calf, kept even without the network.
import { keep } from "./api.js";
import { find, on, setText } from "./dom.js";
import { w } from "./words.js";

const form = find("#morning");
if (form) find("[type=submit]", form).disabled = false;

on(form, "submit", async (event) => {
  event.preventDefault();
  const facts = new FormData(form);
  const level = (name) => (facts.get(name) === null ? null : Number(facts.get(name)));
  if (level("back") === null) {
    setText(find("#morning-words"), w("home.pain.none"));
    return;
  }
  try {
    const body = { moment: "next_morning", back: level("back"), calf: level("calf"), run_id: form.dataset.runId };
    const state = await keep("POST", "/today/pain", body);
    setText(find("#morning-words"), w("home.pain.saved", { words: state?.words ?? "" }));
    find("button", form).disabled = true;
  } catch (error) {
    setText(find("#morning-words"), error.message);
  }
});

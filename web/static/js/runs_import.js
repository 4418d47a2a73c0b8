// How far an import of many files is: asked once a second until it has ended.
import { get, post } from "./api.js";
import { find, findAll, make, on, setText } from "./dom.js";
import { w } from "./words.js";

const state = find("#import-state");

function line(file) {
  const item = make("li", {}, make("strong", { textContent: file.name }), ` ${w(`runs.importing.${file.outcome}`)}${file.reason ? `: ${file.reason}` : ""} `);
  if (file.run_ids.length) item.append(make("a", { href: `/runs/${encodeURIComponent(file.run_ids[0])}`, textContent: w("runs.importing.open") }));
  return item;
}

function show(status) {
  const n_done = Object.values(status.counts).reduce((sum, n) => sum + n, 0);
  const ended = status.failure || w("runs.importing.done");
  setText(find("#import-words"), status.is_running ? w("runs.importing.running", { done: n_done }) : ended);
  const bar = find("#import-progress");
  for (const part of [bar, find("#import-counts"), find("#import-report")]) part.hidden = false;
  bar.value = status.progress;
  for (const place of findAll("[data-outcome]")) setText(place, String(status.counts[place.dataset.outcome] ?? 0));
  find("#import-files").replaceChildren(...status.files.map(line));
  find("#import-stop").hidden = !status.is_running;
}

async function follow() {
  try {
    const status = await get("/runs/import");
    show(status);
    if (!status.is_running) return;
  } catch (error) {
    setText(find("#import-words"), error.message);
  }
  setTimeout(follow, 1000);
}

on("#import-stop", "click", async () => show(await post("/runs/import/stop")));
if (state.dataset.running === "yes") void follow();

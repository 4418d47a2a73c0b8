// Timers of the tests: a countdown for "as often as you can", a stopwatch for "as long as you can".
import { find, findAll, on } from "./dom.js";
import { unlock } from "./speech.js";
import { makeTimer } from "./strength_timer.js";
import { w } from "./words.js";

const timer = makeTimer({
  owner: location.pathname,
  on_end(ended) {
    const input = /** @type {HTMLInputElement | null} */ (document.getElementById(ended.field));
    if (ended.is_stopwatch && input) {
      input.value = String(Math.round((Math.min(Date.now(), ended.ends_at) - ended.started_at) / 1000));
    }
    input?.focus();
  },
});

for (const row of findAll(".test-value[data-timer]")) {
  on(find(".test-timer", row), "click", () => {
    unlock();
    const is_stopwatch = row.dataset.timer === "stopwatch";
    timer.start({
      kind: "test",
      field: find("input", row).id,
      seconds: Number(row.dataset.seconds),
      is_stopwatch,
      name: find("label", row).textContent,
      skip_words: w("strength.js.stop"),
      closing: w("strength.js.hold_end"),
    });
  });
}

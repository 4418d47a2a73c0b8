// All numbers of the moment with their uncertainties, and why a dash is a dash: asked for by a runner who has paused.
import { find, findAll, on, setText } from "./dom.js";
import { toast } from "./live_toast.js";
import { DASH, glanceUncertainty, valueText } from "./units.js";
import { w } from "./words.js";

function paint(row, metrics) {
  const name = row.dataset.detail;
  const text = valueText(name, metrics?.[name]);
  const reason = metrics?.unknown?.[name];
  setText(find("b", row), text);
  find(".unit", row).hidden = text === DASH;
  setText(find(".details-uncertainty", row), glanceUncertainty(name, metrics?.[name], metrics?.uncertainty?.[name]));
  setText(find(".details-why", row), text === DASH && reason ? w(`metrics.why.${reason}.long`) : "");
}

/** ask(): the coach's newest metrics. */
export function bindDetails(ask) {
  on("#numbers", "click", async () => {
    try {
      const metrics = await ask();
      for (const row of findAll("[data-detail]")) paint(row, metrics);
      find("#numbers-dialog").showModal();
    } catch (error) {
      toast(w("live.details.failed", { words: error.message }));
    }
  });
}

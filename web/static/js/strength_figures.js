// Figures that move from the start of an exercise to its end and back (SMIL, at the speed at which repetitions are
// counted). Who asked for less motion sees the two ends instead; a button changes between both.
import { find, findAll, on } from "./dom.js";

const prefers_still = matchMedia("(prefers-reduced-motion: reduce)").matches;

function show(part, is_moving) {
  find(".figure-moves", part).hidden = !is_moving;
  find(".poses", part).hidden = is_moving;
  find(".figure-choice", part).setAttribute("aria-pressed", String(!is_moving));
}

export function wireFigures() {
  for (const part of findAll(".figures")) {
    show(part, !prefers_still);
    on(find(".figure-choice", part), "click", () => {
      for (const each of findAll(".figures")) show(each, find(".figure-moves", part).hidden);
    });
  }
}

/** Begin the movement with the count. */
export function restart(part) {
  for (const svg of findAll(".figure-moves svg", part)) svg.setCurrentTime(0);
}

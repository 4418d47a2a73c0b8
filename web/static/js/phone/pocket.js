// Pocket mode: a black page that no pocket can operate, and a long slide out of it. Cues, laps and losses are heard.
import { find, on } from "../dom.js";

const FAR = 95; // percent of the slide

export function bindPocket() {
  const box = find("#pocket");
  const slide = find("#pocket-slide");
  const enter = async () => {
    box.hidden = false;
    slide.value = 0;
    try { await document.documentElement.requestFullscreen?.({ navigationUI: "hide" }); } catch { /* black all the same */ }
  };
  const leave = () => {
    box.hidden = true;
    if (document.fullscreenElement) void document.exitFullscreen();
  };
  on("#pocket-on", "click", enter);
  // A tap far along the slide must not count: it has to be drawn there from its beginning.
  let is_drawn = false;
  slide.addEventListener("pointerdown", (event) => {
    const { left, width } = slide.getBoundingClientRect();
    is_drawn = (event.clientX - left) / width < 0.25;
  });
  slide.addEventListener("input", () => { if (!is_drawn && Number(slide.value) > 25) slide.value = 0; });
  for (const type of ["change", "pointerup", "pointercancel"]) {
    slide.addEventListener(type, () => { if (Number(slide.value) >= FAR) leave(); slide.value = 0; });
  }
  slide.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") is_drawn = true; // a keyboard is not in a pocket
    if (Number(slide.value) >= FAR) leave();
  });
  for (const type of ["pointerdown", "click", "contextmenu"]) {
    box.addEventListener(type, (event) => { if (event.target !== slide) { event.preventDefault(); event.stopPropagation(); } });
  }
  return { leave };
}

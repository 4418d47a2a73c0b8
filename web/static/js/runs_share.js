// One picture of a run to show, drawn on this device and sent nowhere by the coach. It holds what the first screen
// holds: no position, no name.
import { find, make, on, readData, setText } from "./dom.js";
import { w } from "./words.js";

const WIDTH = 1080;
const HEIGHT = 1350; // 4:5, what most feeds show whole
const EDGE = 90;
const INK = { ground: "#0f201a", ink: "#edf4ef", soft: "#b9c7bf", glow: "#d3f045", below: "#ffac6b", above: "#c7a2f0", plain: "#86c5ff" };
const FONT = "system-ui, sans-serif";

/** Lines of `text` no wider than `width`. */
function lines(ctx, text, width) {
  const out = [];
  for (const word of text.split(" ")) {
    const longer = out.length ? `${out.at(-1)} ${word}` : word;
    if (out.length && ctx.measureText(longer).width <= width) out[out.length - 1] = longer;
    else out.push(word);
  }
  return out;
}

function drawStrip(ctx, { strip, width, height }, top, high) {
  const [across, up] = [(WIDTH - 2 * EDGE) / width, high / height];
  for (const cell of strip.cells) {
    ctx.fillStyle = { like: INK.glow, below: INK.below, above: INK.above }[cell.side] ?? INK.plain;
    ctx.fillRect(EDGE + across * cell.x, top + high - up * cell.height, 0.86 * across * cell.width, up * cell.height);
  }
  if (!strip.band) return;
  ctx.strokeStyle = INK.ink;
  ctx.lineWidth = 2;
  ctx.setLineDash([10, 8]);
  ctx.strokeRect(EDGE, top + up * strip.band[0], WIDTH - 2 * EDGE, up * strip.band[1]);
  ctx.setLineDash([]);
}

function drawStory(story) {
  const canvas = make("canvas", { width: WIDTH, height: HEIGHT });
  const ctx = canvas.getContext("2d");
  ctx.fillStyle = INK.ground;
  ctx.fillRect(0, 0, WIDTH, HEIGHT);
  ctx.textBaseline = "alphabetic";
  const write = (text, y, size, weight, colour, x = EDGE) => {
    ctx.font = `${weight} ${size}px ${FONT}`;
    ctx.fillStyle = colour;
    ctx.fillText(text, x, y);
  };
  write(story.title, 170, 64, 800, INK.ink);
  write(story.day, 230, 36, 500, INK.soft);
  const column = (WIDTH - 2 * EDGE) / Math.max(story.facts.length, 1);
  ctx.font = `800 96px ${FONT}`;
  const widest = Math.max(...story.facts.map(([number]) => ctx.measureText(number).width));
  const size = Math.min(96, Math.floor((96 * (column - 30)) / widest));
  story.facts.forEach(([number, unit], i) => {
    write(number, 400, size, 800, INK.glow, EDGE + i * column);
    write(unit, 450, 36, 500, INK.soft, EDGE + i * column);
  });
  if (story.strip) {
    write(story.label, 560, 40, 650, INK.ink);
    drawStrip(ctx, story, 590, 300);
  }
  ctx.font = `600 48px ${FONT}`;
  lines(ctx, story.finding, WIDTH - 2 * EDGE).slice(0, 4).forEach((line, i) => write(line, 1000 + 62 * i, 48, 600, INK.ink));
  write(w("runs.share.footer"), HEIGHT - 70, 36, 700, INK.soft);
  return canvas;
}

async function share() {
  const story = readData("share");
  try {
    const blob = await new Promise((take) => { drawStory(story).toBlob(take, "image/png"); });
    const file = new File([blob], "run.png", { type: "image/png" });
    if (navigator.canShare?.({ files: [file] })) {
      await navigator.share({ files: [file], title: story.title });
      return;
    }
    const link = make("a", { href: URL.createObjectURL(blob), download: "run.png" });
    link.click();
    URL.revokeObjectURL(link.href);
    setText(find("#share-words"), w("runs.share.made"));
  } catch (error) {
    if (error.name !== "AbortError") setText(find("#share-words"), w("runs.share.failed", { words: error.message }));
  }
}

const button = on("#share-picture", "click", share);
if (button) button.hidden = false;

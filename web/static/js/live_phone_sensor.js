// This phone, worn in a belt, as one more sensor of a run at home: its motion goes to the coach in numbered packets, a few
// times a second. What cannot be sent is kept for some seconds and then left out; the coach sees the gap.
import { ApiError, call, newKey } from "./api.js";
import { find, on, setText } from "./dom.js";
import { askForMotion, can_move, FIRST_WITHIN_MS, isReading, MotionPacker } from "./phone/motion.js";
import { w } from "./words.js";

const KEY = "phone-sensor"; // that this phone is one: it goes on when the page is loaded again
const BATCH_MS = 200; // two packets: well within the coach's tick of 0.5 s
const RETRY_MS = 500;
const MOST_WAITING = 30; // 3 s: older motion would come after its seconds are counted
const NEEDS_TAP = typeof (/** @type {any} */ (window.DeviceMotionEvent)?.requestPermission) === "function";
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const remembered = { get: () => { try { return localStorage.getItem(KEY); } catch { return null; } },
  set: (is_on) => { try { if (is_on) localStorage.setItem(KEY, "on"); else localStorage.removeItem(KEY); } catch { /* for this visit only */ } } };

/** Packets still to be acknowledged, and the number of the first of them. */
class Sending {
  sensor_id; sender = newKey(); first = 0; is_beginning = true; waiting = []; is_over = false;

  constructor(sensor_id) { this.sensor_id = sensor_id; void this.#run(); }

  add(bytes) {
    this.waiting.push(btoa(String.fromCharCode(...bytes)));
    while (this.waiting.length > MOST_WAITING) { this.waiting.shift(); this.first += 1; }
  }

  async #run() {
    while (!this.is_over) {
      if (this.waiting.length === 0) { await pause(BATCH_MS / 4); continue; }
      await pause(await this.#post());
    }
  }

  /** Post what waits; how long to rest then [ms]. */
  async #post() {
    const body = { sender: this.sender, first: this.first, is_beginning: this.is_beginning, packets: [...this.waiting] };
    try {
      const { next } = await call("POST", `/sensors/${this.sensor_id}/readings`, body, { timeout_ms: 3000 });
      this.waiting.splice(0, Math.max(0, next - this.first));
      this.first = Math.max(this.first, next);
      this.is_beginning = false;
      if (!this.is_over) say("live.serve.on");
      return BATCH_MS;
    } catch (error) {
      if (error instanceof ApiError && /** @type {any} */ (error).is_final) stop(error.message);
      else if (!this.is_over) say("live.serve.unreached");
      return RETRY_MS;
    }
  }
}

let attempt = null; // the start that counts; null: this phone is no sensor. A second tap ends one that still waits
let sending = null;
let packer = null;
let moved = null;

const say = (key) => setText(find("#serve-words"), key && w(key));

function take(event) {
  if (!isReading(event)) return;
  moved?.(true);
  packer.take(event);
}

function paint(is_on) {
  find("#serve").setAttribute("aria-pressed", String(is_on));
  setText(find("#serve"), w(is_on ? "live.serve.stop" : "live.serve.start"));
}

async function start() {
  const own = {};
  attempt = own;
  say("live.serve.starting");
  try {
    await askForMotion();
    if (attempt !== own) return;
    const first = new Promise((resolve) => { moved = resolve; });
    packer = new MotionPacker((bytes) => sending?.add(bytes));
    window.addEventListener("devicemotion", take);
    const has_moved = await Promise.race([first, pause(FIRST_WITHIN_MS)]);
    if (attempt !== own) return;
    if (!has_moved) throw new Error("motion_none");
    const { sensor_id } = await call("POST", "/sensors/phone");
    if (attempt !== own) return;
    sending = new Sending(sensor_id);
    remembered.set(true);
    paint(true);
  } catch (error) {
    if (attempt !== own) return;
    stop(["motion_refused", "motion_none"].includes(error.message) ? w(`phone.sensors.${error.message}`) : error.message);
  }
}

/** Be no sensor any more; words: why, where it was not the runner's wish. */
function stop(words = "") {
  window.removeEventListener("devicemotion", take);
  if (sending) sending.is_over = true;
  attempt = sending = null;
  remembered.set(false);
  paint(false);
  setText(find("#serve-words"), words || w("live.serve.off"));
}

export function bindPhoneSensor() {
  const button = find("#serve");
  if (!window.isSecureContext) { say("live.serve.insecure"); return; }
  if (!can_move) { say("phone.sensors.motion_none"); return; }
  button.disabled = false;
  on(button, "click", () => { if (attempt) stop(); else void start(); });
  if (!remembered.get()) return;
  if (!NEEDS_TAP) void start();
  else document.addEventListener("click", () => { if (!attempt) void start(); }, { once: true });
}

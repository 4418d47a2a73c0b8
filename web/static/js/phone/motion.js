// The phone as its own sensor, worn in a belt at the small of the back: `devicemotion`, packed as
// coach/packets/phone_motion.py reads it. PhoneMotion behaves like a sensor of bluetooth.js, for a run on this phone alone;
// ../live_phone_sensor.js sends the same packets to a run at home.

const MOTION = "c0ac1001-7a1e-4b5c-9d2f-52554e4e4552";
const PER_PACKET = 6; // a tenth of a second at 60 Hz: a fifth of the coach's tick
const HOLE_MS = 1000; // a page that was asleep: what waits is of before, and one packet of both would have odd times
const READING_BYTES = 32;
export const FIRST_WITHIN_MS = 3000;
const SILENT_MS = 3000;
const now_ms = () => performance.timeOrigin + performance.now();

export const OWN = { sensor_id: "this-phone", name: "", profile_id: "phone", wear_site: "pelvis" };
export const can_move = "DeviceMotionEvent" in window;

/** Ask for leave where the system wants that (within a tap); throws "motion_refused". */
export async function askForMotion() {
  const ask = /** @type {any} */ (window.DeviceMotionEvent)?.requestPermission; // iOS alone has it
  if (ask && (await ask.call(window.DeviceMotionEvent)) !== "granted") throw new Error("motion_refused");
}

/** Whether an event of `devicemotion` holds a reading: a device without sensors says so by one without. */
export function isReading({ accelerationIncludingGravity: acc }) {
  return acc !== null && acc.x !== null && acc.y !== null && acc.z !== null;
}

/** Packs events that hold a reading; onPacket gets the bytes of each packet. */
export class MotionPacker {
  onPacket; readings = [];

  constructor(onPacket) { this.onPacket = onPacket; }

  take({ accelerationIncludingGravity: acc, rotationRate: gyr, timeStamp: t_ms }) {
    const has_gyro = gyr !== null && gyr.alpha !== null && gyr.beta !== null && gyr.gamma !== null;
    if (this.readings.length && this.readings[0].has_gyro !== has_gyro) this.#send();
    if (this.readings.length && t_ms <= this.readings.at(-1).t_ms) return;
    if (this.readings.length && t_ms > this.readings.at(-1).t_ms + HOLE_MS) this.#send();
    this.readings.push({ t_ms, has_gyro, values: [acc.x, acc.y, acc.z, ...(has_gyro ? [gyr.alpha, gyr.beta, gyr.gamma] : [0, 0, 0])] });
    if (this.readings.length >= PER_PACKET) this.#send();
  }

  #send() {
    const bytes = new Uint8Array(4 + READING_BYTES * this.readings.length);
    const view = new DataView(bytes.buffer);
    [0x50, 1, this.readings.length, this.readings[0].has_gyro ? 1 : 0].forEach((value, i) => view.setUint8(i, value));
    this.readings.forEach(({ t_ms, values }, i) => {
      const at = 4 + READING_BYTES * i;
      view.setFloat64(at, t_ms, true);
      values.forEach((value, k) => view.setFloat32(at + 8 + 4 * k, value, true));
    });
    this.readings = [];
    this.onPacket(bytes);
  }
}

export class PhoneMotion {
  use; hooks; status = "connecting"; newest_ms = 0; is_linked = false; first; timer; packer;

  constructor(use, hooks) {
    Object.assign(this, { use, hooks, newest_ms: now_ms() });
    this.packer = new MotionPacker((bytes) => hooks.onNote(use.sensor_id, MOTION, now_ms(), bytes));
    this.take = (event) => this.#take(event);
  }

  async connect() {
    this.#say("connecting", "connecting");
    const first = new Promise((resolve) => { this.first = resolve; });
    window.addEventListener("devicemotion", this.take);
    const late = new Promise((resolve) => setTimeout(resolve, FIRST_WITHIN_MS, "late"));
    if ((await Promise.race([first, late])) === "late") { this.close(); throw new Error("motion_none"); }
    await this.hooks.core.ask("link", JSON.stringify(this.use));
    while ((await this.hooks.core.ask("step", this.use.sensor_id, null, "")).do !== "end");
    this.is_linked = true;
    this.timer = setInterval(() => { if (now_ms() - this.newest_ms > SILENT_MS && this.status === "streaming") this.#say("silent", "silent"); }, 1000);
    this.#say("streaming", "ok");
  }

  close() {
    window.removeEventListener("devicemotion", this.take);
    clearInterval(this.timer);
  }

  change() { /* its rate is the browser's */ }

  #take(event) {
    if (!isReading(event)) return;
    this.first?.("moves");
    this.newest_ms = now_ms();
    if (!this.is_linked) return;
    if (this.status === "silent") this.#say("streaming", "ok");
    this.packer.take(event);
  }

  #say(status, reason) {
    this.status = status;
    this.hooks.onStatus(this, status, reason, "");
  }
}

// Where the phone is: the Geolocation API beside Bluetooth, packed as coach/packets/phone_position.py reads it. Behaves
// like a sensor of bluetooth.js. It works while the page is in front, as everything here.

const POSITION = "c0ac2001-7a1e-4b5c-9d2f-52554e4e4552";
const FIRST_WITHIN_MS = 60000; // a cold receiver takes half a minute under open sky; chosen by judgement
const SILENT_MS = 10000;
const now_ms = () => performance.timeOrigin + performance.now();

export const OWN_POSITION = { sensor_id: "this-phone-position", name: "", profile_id: "phone_position", wear_site: null };
export const can_locate = "geolocation" in navigator;

export class PhonePosition {
  use; hooks; status = "connecting"; newest_ms = 0; is_linked = false; watch;

  constructor(use, hooks) {
    Object.assign(this, { use, hooks, newest_ms: now_ms() });
  }

  async connect() {
    this.#say("connecting", "connecting");
    await this.hooks.core.ask("link", JSON.stringify(this.use));
    while ((await this.hooks.core.ask("step", this.use.sensor_id, null, "")).do !== "end");
    await new Promise((resolve, reject) => {
      const refuse = (error) => { if (!this.is_linked) reject(new Error(error.code === 1 ? "position_refused" : "position_none")); };
      const options = { enableHighAccuracy: true, maximumAge: 0, timeout: FIRST_WITHIN_MS };
      this.watch = navigator.geolocation.watchPosition((fix) => { this.is_linked = true; this.#take(fix); resolve(); }, refuse, options);
    });
    this.timer = setInterval(() => { if (now_ms() - this.newest_ms > SILENT_MS && this.status === "streaming") this.#say("silent", "silent"); }, 1000);
    this.#say("streaming", "ok");
  }

  close() {
    navigator.geolocation.clearWatch(this.watch);
    clearInterval(this.timer);
  }

  change() { /* its rate is the receiver's */ }

  #take({ timestamp, coords }) {
    this.newest_ms = now_ms();
    if (this.status === "silent") this.#say("streaming", "ok");
    const view = new DataView(new ArrayBuffer(40));
    const { altitude, speed } = coords;
    const has_altitude = Number.isFinite(altitude);
    const has_speed = Number.isFinite(speed);
    [0x47, 1, (has_altitude ? 1 : 0) | (has_speed ? 2 : 0), 0].forEach((value, i) => view.setUint8(i, value));
    [timestamp, coords.latitude, coords.longitude].forEach((value, i) => view.setFloat64(4 + 8 * i, value, true));
    [coords.accuracy, has_altitude ? altitude : 0, has_speed ? speed : 0].forEach((value, i) => view.setFloat32(28 + 4 * i, value, true));
    this.hooks.onNote(this.use.sensor_id, POSITION, this.newest_ms, new Uint8Array(view.buffer));
  }

  #say(status, reason) {
    this.status = status;
    this.hooks.onStatus(this, status, reason, "");
  }
}

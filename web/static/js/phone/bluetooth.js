// Sensors by Web Bluetooth: one tap in the browser's chooser, then the coach's own conversation, carried out step by
// step. While the page lives a lost sensor is connected again without a tap; after a reload each needs its tap again.
// Source: Web Bluetooth, Draft Community Group Report; Android allows one GATT operation at a time, hence the queue.

const CONNECT_MS = 20000;
const SILENT_MS = 3000; // as at home (coach.radio.link): values go blank by then
const STALLED_MS = 30000;
const BATTERY_MS = 300000;
const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 15000;

const after = (ms, value = null) => new Promise((resolve) => setTimeout(resolve, ms, value));
const now_ms = () => performance.timeOrigin + performance.now();
const bytesOf = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));

/** A promise that must not take longer than `ms`. */
async function within(ms, promise, words) {
  const late = Symbol("late");
  const answer = await Promise.race([promise, after(ms, late)]);
  if (answer === late) throw new Error(words);
  return answer;
}

/** A sensor that was chosen. Runs until `close`; status: connecting, streaming, silent, lost. */
export class Sensor {
  device; use; hooks; characteristics; plan; status = "connecting"; heard = []; is_open = true; is_talking = false; newest_ms = 0; queue;

  /** hooks: {core, onNote(sensor_id, uuid, at_ms, bytes), onStatus(sensor, status, reason, words)}. */
  constructor(device, use, hooks) {
    Object.assign(this, { device, use, hooks, characteristics: new Map(), newest_ms: now_ms(), queue: Promise.resolve() });
    device.addEventListener("gattserverdisconnected", () => this.#lost());
    this.timers = [setInterval(() => this.#watch(), 1000), setInterval(() => void this.#readBattery(), BATTERY_MS)];
  }

  /** Connect and talk the sensor into streaming. Throws the words of what went wrong. */
  async connect() {
    const { device, use } = this;
    this.#say("connecting", "connecting", "");
    const server = await within(CONNECT_MS, device.gatt.connect(), "not_seen");
    this.characteristics.clear();
    for (const service of await server.getPrimaryServices()) {
      for (const one of await service.getCharacteristics()) this.characteristics.set(one.uuid, one);
    }
    this.plan = await this.hooks.core.ask("link", JSON.stringify(use));
    const missing = this.plan.subscribe.filter((uuid) => !this.characteristics.has(uuid));
    if (missing.length) throw new Error(`no_service ${missing.join(", ")}`);
    this.is_talking = true;
    try {
      const { subscribe, optional, battery } = this.plan;
      for (const uuid of new Set([...subscribe, ...optional, battery])) await this.#subscribe(uuid);
      await this.#converse();
    } finally {
      this.is_talking = false;
    }
    await this.#readBattery();
    this.newest_ms = now_ms();
    this.#say("streaming", "ok", "");
  }

  /** Talk to it again with other settings, the link kept. */
  async change(use) {
    this.use = use;
    this.plan = await this.hooks.core.ask("link", JSON.stringify(use));
    this.is_talking = true;
    try { await this.#converse(); } finally { this.is_talking = false; }
  }

  close() {
    this.is_open = false;
    this.timers.forEach(clearInterval);
    this.device.gatt.disconnect();
  }

  async #subscribe(uuid) {
    const one = this.characteristics.get(uuid);
    if (!one || !(one.properties.notify || one.properties.indicate)) return;
    one.addEventListener("characteristicvaluechanged", (event) => this.#hear(uuid, bytesOf(event.target.value)));
    await this.#inTurn(() => one.startNotifications());
  }

  #hear(uuid, bytes) {
    this.newest_ms = now_ms();
    if (this.is_talking) { this.heard.push({ uuid, bytes: bytes.slice() }); this.wake?.(); }
    this.hooks.onNote(this.use.sensor_id, uuid, this.newest_ms, bytes);
    if (this.status === "silent") this.#say("streaming", "ok", "");
  }

  /** Carry out the steps that the core gives, one after the other. */
  async #converse() {
    let answer = null;
    let fault = "";
    for (;;) {
      const step = await this.hooks.core.ask("step", this.use.sensor_id, answer, fault);
      if (step.do === "end") return;
      if (step.do === "fail") throw new Error(step.words);
      fault = "";
      try { answer = await this.#carryOut(step); } catch (error) { answer = null; fault = String(error.message ?? error); }
    }
  }

  async #carryOut(step) {
    if (step.do === "pause") { await after(step.seconds * 1000); return new Uint8Array(); }
    if (step.do === "listen") return this.#listen(step);
    const one = this.characteristics.get(step.characteristic);
    if (step.do === "read") return one ? bytesOf(await this.#inTurn(() => one.readValue())) : null;
    if (!one) throw new Error(`it has no ${step.characteristic}`);
    this.heard.length = 0;
    this.written_ms = performance.now();
    const payload = fromHex(step.payload);
    await this.#inTurn(() => (step.with_response ? one.writeValueWithResponse(payload) : one.writeValueWithoutResponse(payload)));
    return new Uint8Array();
  }

  async #listen({ characteristic, within_s }) {
    for (;;) {
      const i = this.heard.findIndex(({ uuid }) => uuid === characteristic);
      if (i >= 0) return this.heard.splice(i, 1)[0].bytes;
      const left_ms = (this.written_ms ?? performance.now()) + within_s * 1000 - performance.now();
      if (left_ms <= 0) return null;
      await Promise.race([after(left_ms), new Promise((resolve) => { this.wake = resolve; })]);
    }
  }

  async #readBattery() {
    const one = this.plan && this.characteristics.get(this.plan.battery);
    if (!one?.properties.read || !this.device.gatt.connected) return;
    try {
      this.hooks.onNote(this.use.sensor_id, this.plan.battery, now_ms(), bytesOf(await this.#inTurn(() => one.readValue())));
    } catch (error) {
      console.info(`${this.use.name}: its battery cannot be read: ${error.message}`);
    }
  }

  /** One operation at a time; the next waits for this one, however it ends. */
  #inTurn(act) {
    const done = this.queue.then(act);
    this.queue = done.catch(() => undefined);
    return done;
  }

  #say(status, reason, words) {
    this.status = status;
    this.hooks.onStatus(this, status, reason, words);
  }

  #watch() {
    const silent_ms = now_ms() - this.newest_ms;
    if (this.status === "streaming" && silent_ms > SILENT_MS) this.#say("silent", "silent", "");
    else if (this.status === "silent" && silent_ms > STALLED_MS) this.device.gatt.disconnect(); // then it is connected again
  }

  #lost() {
    if (!this.is_open || this.is_away) return;
    if (this.status === "connecting") return; // `connect` says why
    this.#say("lost", "connection_lost", "");
    void this.#again();
  }

  async #again() {
    this.is_away = true;
    for (let wait_ms = FIRST_WAIT_MS; this.is_open; wait_ms = Math.min(2 * wait_ms, MAX_WAIT_MS)) {
      await after(wait_ms);
      try {
        await this.connect();
        break;
      } catch (error) {
        this.device.gatt.disconnect();
        if (this.is_open) this.#say("lost", "connection_lost", String(error.message ?? error));
      }
    }
    this.is_away = false;
    if (this.is_open && !this.device.gatt.connected) this.#lost();
  }
}

/** The browser's chooser, within a tap. find: {filters, services} of the core. Null where nothing was chosen. */
export async function choose({ filters, services }) {
  try {
    return await navigator.bluetooth.requestDevice({ filters, optionalServices: services });
  } catch (error) {
    if (error.name === "NotFoundError") return null;
    throw error;
  }
}

// A phone's own motion, packed as coach/packets/phone_motion.py reads it.
import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.window = /** @type {any} */ (globalThis);
const { isReading, MotionPacker } = await import("../../web/static/js/phone/motion.js");

const reading = (t_ms, gyr = { alpha: 1, beta: 2, gamma: 3 }) => ({
  accelerationIncludingGravity: { x: 0.5, y: -9.75, z: 0.25 }, rotationRate: gyr, timeStamp: t_ms,
});

function packed(events) {
  const packets = [];
  const packer = new MotionPacker((bytes) => packets.push(new DataView(bytes.buffer)));
  for (const event of events) packer.take(event);
  return packets;
}

test("six readings are one packet: a head, then time and six values each", () => {
  const [packet, ...more] = packed([...Array(7).keys()].map((k) => reading(100 + 16 * k)));
  assert.deepEqual(more, []);
  assert.deepEqual([...Array(4).keys()].map((i) => packet.getUint8(i)), [0x50, 1, 6, 1]);
  assert.equal(packet.byteLength, 4 + 6 * 32);
  assert.equal(packet.getFloat64(4 + 32, true), 116);
  assert.deepEqual([...Array(6).keys()].map((k) => packet.getFloat32(12 + 4 * k, true)), [0.5, -9.75, 0.25, 1, 2, 3]);
});

test("a reading that comes again, or late, is left out", () => {
  const [packet] = packed([0, 16, 16, 8, 32, 48, 64, 80].map((t) => reading(t)));
  assert.deepEqual([...Array(6).keys()].map((k) => packet.getFloat64(4 + 32 * k, true)), [0, 16, 32, 48, 64, 80]);
});

test("a gyroscope that comes or goes begins a packet of its own", () => {
  const [first] = packed([reading(0), reading(16), reading(32, null), reading(48, null)]);
  assert.deepEqual([first.getUint8(2), first.getUint8(3)], [2, 1]);
});

test("an event without a sensor behind it is no reading", () => {
  assert.equal(isReading({ accelerationIncludingGravity: null }), false);
  assert.equal(isReading({ accelerationIncludingGravity: { x: null, y: null, z: null } }), false);
  assert.equal(isReading(reading(0)), true);
});

test("a packet holds no readings of before and after a sleep of the page, which would have the times of no page", () => {
  const before = [0, 16, 32], after = [0, 16, 32, 48, 64, 80].map((t) => 120_000 + t);
  const packets = packed([...before, ...after].map((t) => reading(t)));
  const times = packets.map((p) => [...Array(p.getUint8(2)).keys()].map((k) => p.getFloat64(4 + 32 * k, true)));
  assert.deepEqual(times, [before, after]);
});

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { openAnnouncer } from "../../web/static/js/live_announcer.js";
import { useUnits } from "../../web/static/js/units.js";
import { useWords } from "../../web/static/js/words.js";

// Each key is its own sentence here: what is said counts, not how.
useWords(new Proxy({}, { get: (_, key) => `${String(key)} {site}{number}` }));
useUnits({ speed_mps: { factor: 1000, decimals: 0, is_pace: true }, distance_m: { factor: 0.001, decimals: 2, unit: "km" } });

let said = [];
let announcer;
const SENSORS = [{ sensor_id: "L", wear_site: "left_foot" }];

beforeEach(() => {
  said = [];
  announcer = openAnnouncer(({ kind, is_alarm }) => said.push(is_alarm ? `${kind}!` : kind));
});

const link = (sensor_id, status, at_ms) => { announcer.takeSensor({ sensor_id, status }, at_ms); };

test("a run that is met in its middle says nothing of what was before", () => {
  announcer.takeRun({ run_id: "r", is_on: true, elapsed_s: 900, lap: 3, sensors: SENSORS }, 0);
  link("L", "streaming", 0);
  announcer.takeMetrics({ distance_m: 2990, elapsed_s: 900 }, 0);
  announcer.tick(1000);
  assert.deepEqual(said, []);
});

test("a start is said once, when every sensor is ready; one that is missing is an alarm", () => {
  announcer.takeRun({ run_id: "r", is_on: true, elapsed_s: 0, lap: 1, sensors: SENSORS }, 0);
  announcer.tick(5000);
  assert.deepEqual(said, []);
  link("L", "streaming", 6000);
  announcer.tick(6500);
  announcer.tick(7000);
  assert.deepEqual(said, ["start"]);
  announcer.takeRun({ run_id: "s", is_on: true, elapsed_s: 0, lap: 1, sensors: SENSORS }, 10000);
  announcer.tick(45000);
  assert.deepEqual(said.slice(1), ["start!"]);
});

test("a silence that lasts is said once, and so is its end; one that heals is not", () => {
  announcer.takeRun({ run_id: "r", is_on: true, elapsed_s: 900, lap: 1, sensors: SENSORS }, 0);
  link("L", "streaming", 0);
  announcer.tick(100);
  link("L", "silent", 1000);
  announcer.tick(4000);
  link("L", "streaming", 4500);
  announcer.tick(9000);
  assert.deepEqual(said, []);
  link("L", "silent", 10000);
  link("L", "silent", 14000);
  announcer.tick(15100);
  announcer.tick(60000);
  assert.deepEqual(said, ["sensors!"]);
  link("L", "streaming", 61000);
  announcer.tick(65000);
  assert.deepEqual(said, ["sensors!", "sensors"]);
});

test("a log that the disk refuses is said though it was never seen well, and keeps no start waiting", () => {
  announcer.takeRun({ run_id: "r", is_on: true, elapsed_s: 0, lap: 1, sensors: SENSORS }, 0);
  link("recording", "lost", 0);
  link("L", "streaming", 100);
  announcer.tick(200);
  assert.deepEqual(said, ["start"]);
  announcer.tick(6000);
  assert.deepEqual(said, ["start", "sensors!"]);
});

test("each kilometre is said once, and none is timed over a gap", () => {
  announcer.takeRun({ run_id: "r", is_on: true, elapsed_s: 0, lap: 1, sensors: [] }, 0);
  for (let m = 0; m <= 3500; m += 10) announcer.takeMetrics({ distance_m: m, elapsed_s: m / 3 }, m);
  assert.equal(said.filter((kind) => kind === "splits").length, 3);
  announcer.takeMetrics({ distance_m: 9000, elapsed_s: 3000 }, 9000);
  assert.equal(said.filter((kind) => kind === "splits").length, 4);
});

test("a run that is over ends once", () => {
  announcer.takeRun({ run_id: "r", is_on: true, elapsed_s: 900, lap: 1 }, 0);
  announcer.takeRun({ run_id: "r", is_on: false, elapsed_s: 901 }, 1000);
  announcer.takeRun({ run_id: "r", is_on: false, elapsed_s: 901 }, 2000);
  announcer.tick(9000);
  assert.deepEqual(said, ["end"]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { batteryWatch } from "../../web/static/js/phone/battery.js";

const at = (level, charging = false) => ({ level, charging });

test("a low battery is said once in a run, at 15 percent and below", () => {
  const said = [];
  const look = batteryWatch((percent) => said.push(percent));
  for (const level of [0.2, 0.16, 0.15, 0.14, 0.1]) look(at(level), true);
  assert.deepEqual(said, [15]);
});

test("a run that begins with a low battery says so at once", () => {
  const said = [];
  const look = batteryWatch((percent) => said.push(percent));
  look(at(0.12), false);
  assert.deepEqual(said, []);
  look(at(0.12), true);
  assert.deepEqual(said, [12]);
});

test("while it is charged nothing is said, and afterwards it counts again", () => {
  const said = [];
  const look = batteryWatch((percent) => said.push(percent));
  look(at(0.1, true), true);
  look(at(0.1), true);
  look(at(0.11, true), true);
  look(at(0.1), true);
  assert.deepEqual(said, [10, 10]);
});

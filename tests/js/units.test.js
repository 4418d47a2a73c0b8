import assert from "node:assert/strict";
import { test } from "node:test";
import { DASH, uncertaintyText, durationText, glanceUncertainty, paceText, useUnits, valueText } from "../../web/static/js/units.js";

useUnits({
  cadence_spm: { factor: 1, decimals: 0, unit: "spm" },
  step_length_m: { factor: 100, decimals: 0, unit: "cm" },
  speed_mps: { factor: 1000, decimals: 0, unit: "/km", is_pace: true },
  trunk_lean_deg: { factor: 1, decimals: 1, unit: "deg" },
});

test("what is not known is a dash, never a number", () => {
  for (const value of [null, undefined, NaN, Infinity, -Infinity]) assert.equal(valueText("cadence_spm", value), DASH);
  assert.equal(paceText(0.29), DASH, "standing is no pace");
  assert.equal(paceText(NaN), DASH);
  assert.equal(durationText(NaN), DASH);
});

test("a value has its unit's digits, and one more where its ± would read as nothing", () => {
  assert.equal(valueText("step_length_m", 1.014), "101");
  assert.equal(valueText("step_length_m", 1.014, 0.001), "101.4");
  assert.equal(uncertaintyText("step_length_m", 0.001), "0.2");
  assert.equal(uncertaintyText("step_length_m", 0.00001), "<0.1");
  assert.equal(uncertaintyText("step_length_m", NaN), "");
  assert.equal(valueText("step_length_m", 0.9824, undefined, 1), "98.2", "where two numbers would read alike");
  assert.equal(glanceUncertainty("step_length_m", 0.9824, 0.027, 1), "\u00b15.3");
});

test("minus is a minus sign, and there is no minus nothing", () => {
  assert.equal(valueText("trunk_lean_deg", -2.04), "\u22122.0");
  assert.equal(valueText("trunk_lean_deg", -0.04), "0.0");
});

test("± at a glance is half of the 95 % interval, in seconds for a pace", () => {
  assert.equal(glanceUncertainty("cadence_spm", 172, 2), "±4");
  assert.equal(glanceUncertainty("cadence_spm", 172, 0.1), "", "these digits are sure");
  assert.equal(glanceUncertainty("cadence_spm", null, 2), "");
  assert.equal(glanceUncertainty("speed_mps", 3, 0.05), "±0:11");
});

test("a pace and a time carry over sixty", () => {
  assert.equal(paceText(1000 / 359.6), "6:00");
  assert.equal(durationText(3599.9), "59:59");
  assert.equal(durationText(3600), "1:00:00");
});

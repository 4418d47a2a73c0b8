// Numbers age: fresh, old after a second, unknown after three; a null keeps what was there until then.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { forgetAll, newest, reasonOf, takeMetrics, uncertaintyOf } from "../../web/static/js/live_values.js";

beforeEach(() => forgetAll());

test("a value is fresh for a second, then old, and unknown after three", () => {
  takeMetrics({ cadence_spm: 170 }, 1000);
  assert.deepEqual(newest("cadence_spm", 2000), { value: 170, is_old: false });
  assert.deepEqual(newest("cadence_spm", 2001), { value: 170, is_old: true });
  assert.deepEqual(newest("cadence_spm", 4000), { value: 170, is_old: true });
  assert.deepEqual(newest("cadence_spm", 4001), { value: null, is_old: false });
});

test("a null does not make a number younger, nor take it away at once", () => {
  takeMetrics({ cadence_spm: 170 }, 0);
  takeMetrics({ cadence_spm: null }, 900);
  assert.deepEqual(newest("cadence_spm", 1500), { value: 170, is_old: true });
  assert.equal(newest("cadence_spm", 3100).value, null);
});

test("zero is a value", () => {
  takeMetrics({ grade_pct: 0 }, 0);
  assert.equal(newest("grade_pct", 0).value, 0);
});

test("uncertainties and reasons are those of the newest message alone", () => {
  takeMetrics({ uncertainty: { cadence_spm: 0.5 }, unknown: { impact_g: "clipped" } }, 0);
  assert.equal(uncertaintyOf("cadence_spm"), 0.5);
  assert.equal(reasonOf("impact_g"), "clipped");
  takeMetrics({}, 100);
  assert.equal(uncertaintyOf("cadence_spm"), null);
  assert.equal(reasonOf("impact_g"), "");
});

test("nothing of one run is seen in the next", () => {
  takeMetrics({ cadence_spm: 170, uncertainty: { cadence_spm: 1 } }, 0);
  forgetAll();
  assert.equal(newest("cadence_spm", 0).value, null);
  assert.equal(uncertaintyOf("cadence_spm"), null);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { bandOf, edgesOf, markAt, shownNameOf } from "../../web/static/js/live_target.js";

test("a band in percent of the usual lies round the usual, wherever the number is", () => {
  for (const pct of [-8, -1, 0, 3, 10]) {
    const usual = 1.05;
    const band = bandOf({ metric: "step_length_vs_baseline_pct", value: pct, low: 2, high: 5 }, usual * (1 + pct / 100));
    assert.ok(Math.abs(band.low - usual * 1.02) < 1e-9);
    assert.ok(Math.abs(band.high - usual * 1.05) < 1e-9);
  }
});

test("without the number or its comparison there is no band, and an open edge stays open", () => {
  const target = { metric: "step_length_vs_baseline_pct", value: 3, low: 2 };
  assert.deepEqual(bandOf(target, null), { low: null, high: null });
  assert.deepEqual(bandOf({ ...target, value: null }, 1.0), { low: null, high: null });
  assert.equal(edgesOf(bandOf(target, 1.0)), "low");
  assert.deepEqual(bandOf({ metric: "cadence_spm", value: 170, low: 165, high: 175 }, 170), { low: 165, high: 175 });
  assert.equal(shownNameOf("impact_vs_baseline_pct"), "impact_g");
});

test("the mark never crosses an edge of the band by rounding, and stays on the gauge", () => {
  for (const [low, high] of [[1.0, 1.05], [170, null], [null, 12], [0, 0]]) {
    for (let step = -400; step <= 400; step += 1) {
      const value = (low ?? high) + step * 0.001 * Math.max(1, Math.abs(low ?? high));
      const at = markAt(value, low, high);
      assert.ok(at >= 1 && at <= 99);
      if (low !== null && value < low) assert.ok(at <= 32);
      if (high !== null && value > high) assert.ok(at >= 68);
      if ((low === null || value >= low) && (high === null || value <= high)) assert.ok(at >= (low === null ? 1 : 34) && at <= (high === null ? 99 : 66));
    }
  }
});

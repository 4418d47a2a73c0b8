// What a run says besides its cues: ready, each kilometre or mile, laps, a target regained, sensors lost and back, the
// end. Pure: the watcher gives it what the coach says, with times [ms]; `say({kind, words})` gets each sentence once.
//
// A page that is opened in mid-run says nothing of what was before: what it did not see it cannot time.
import { keptIn } from "./live_keeping.js";
import { perSplit, unitOf, valueText } from "./units.js";
import { w } from "./words.js";

const FRESH_S = 20; // a run seen within its first seconds has its start announced
const SLOW_MS = 30_000; // by then a sensor that is worn and charged is connected: links take some 10 s (chosen by judgement)
const AWAY_MS = 5000; // shorter losses are over before a sentence is; the strip shows them (chosen by judgement)
const BACK_MS = 3000;
const REGAINED_MS = 5000; // on target for so long (chosen by judgement)
const FROM_START_M = 50; // a first distance up to this is counted from the start
const LIKE_PCT = 2; // as in a run's summary: within 2 % is "like usual"

export function openAnnouncer(say) {
  let run = null;

  function begin({ run_id, elapsed_s = 0, lap = 1 }, now_ms) {
    run = {
      run_id, lap, elapsed_s, distance_m: null, began_ms: now_ms, is_ready: elapsed_s >= FRESH_S, links: new Map(), sites: new Map(),
      lap_began_s: lap === 1 || elapsed_s < FRESH_S ? 0 : null, split: null, asked: false, on_since_ms: null,
    };
  }

  /** The state of the run: {run_id, is_on, elapsed_s, lap, lap_kind, links, sensors}; links and sensors where known. */
  function takeRun(status, now_ms) {
    if (!status.is_on) {
      if (run) say({ kind: "end", words: endWords(run, status.elapsed_s ?? run.elapsed_s) });
      run = null;
      return;
    }
    if (!run || run.run_id !== status.run_id) begin(status, now_ms);
    if (status.elapsed_s !== undefined) run.elapsed_s = status.elapsed_s;
    for (const use of status.sensors ?? []) run.sites.set(use.sensor_id, use.wear_site ?? use.name);
    for (const link of status.links ?? []) takeSensor(link, now_ms);
    if (status.workout !== undefined && part(status)) return;
    if (status.lap > run.lap) lap(status);
  }

  /** A new part of a workout is said in place of its lap. True where the lap is one of the workout's. */
  function part({ workout, lap: number }) {
    const was = run.part;
    run.part = workout?.part ?? null;
    if (!workout) return false;
    if (workout.part === was) { pace(workout); return false; }
    const is_seen = was !== undefined || run.elapsed_s < FRESH_S;
    if (is_seen) say({ kind: "workout", words: partWords(workout), is_alarm: true });
    Object.assign(run, { lap: number, lap_began_s: run.elapsed_s, pace: "" });
    return true;
  }

  /** Too slow, too fast; and back in the band, where that was asked for. */
  function pace({ pace: now = "" }) {
    const was = run.pace ?? "";
    run.pace = now;
    if (now === was || now === "" || (now === "on" && was === "")) return;
    say({ kind: "workout", words: w(`live.say.pace_${now}`) });
  }

  function lap({ lap: number, lap_kind }) {
    const took_s = run.lap_began_s === null ? 0 : run.elapsed_s - run.lap_began_s;
    const words = lap_kind === "lap" ? [w("live.say.lap", { number })] : [w(`live.say.${lap_kind}`)];
    if (took_s >= 5) words.push(w("live.say.lap_took", { number: number - 1, time: timeWords(took_s) }));
    Object.assign(run, { lap: number, lap_began_s: run.elapsed_s });
    say({ kind: "laps", words: words.join(" ") });
  }

  /** One LinkEvent. */
  function takeSensor({ sensor_id, status }, now_ms) {
    if (!run) return;
    const was = run.links.get(sensor_id);
    if (was?.status === status) return;
    run.links.set(sensor_id, { status, since_ms: now_ms, was_well: was?.was_well ?? keptIn(sensor_id) !== "", is_said: was?.is_said ?? false });
  }

  /** Time passes: what has lasted long enough is said. */
  function tick(now_ms) {
    if (!run) return;
    if (!run.is_ready) ready(now_ms);
    for (const [sensor_id, link] of run.links) {
      const for_ms = now_ms - link.since_ms;
      const is_well = link.status === "streaming";
      if (!is_well && link.was_well && !link.is_said && for_ms >= AWAY_MS) {
        link.is_said = true;
        say({ kind: "sensors", words: w(`live.say.${keptIn(sensor_id)}lost`, { site: siteWords(sensor_id) }), is_alarm: true });
      }
      if (is_well && link.is_said && for_ms >= BACK_MS) {
        link.is_said = false;
        say({ kind: "sensors", words: w(`live.say.${keptIn(sensor_id)}back`, { site: siteWords(sensor_id) }) });
      }
      if (is_well) link.was_well = true;
    }
  }

  function ready(now_ms) {
    const ids = new Set([...run.sites.keys(), ...run.links.keys()].filter((id) => !keptIn(id)));
    const missing = [...ids].filter((id) => run.links.get(id)?.status !== "streaming");
    if (run.sites.size && !missing.length) {
      run.is_ready = true;
      say({ kind: "start", words: w("live.say.ready") });
    } else if (now_ms - run.began_ms >= SLOW_MS) {
      run.is_ready = true;
      for (const id of missing) run.links.set(id, { status: null, since_ms: now_ms, was_well: false, ...run.links.get(id), is_said: true });
      const sites = missing.map(siteWords).join(", ");
      say({ kind: "start", words: w(ids.size ? "live.say.go_without" : "live.say.go", { site: sites }), is_alarm: ids.size > 0 });
    }
  }

  /** One `metrics` event. */
  function takeMetrics(metrics, now_ms) {
    if (!run) return;
    if (metrics.elapsed_s !== undefined) run.elapsed_s = metrics.elapsed_s;
    target(metrics.target?.place, now_ms);
    const { distance_m } = metrics;
    if (distance_m === null || distance_m === undefined) return;
    run.distance_m = distance_m;
    const number = Math.floor(distance_m / perSplit());
    if (!run.split || number < run.split.number) run.split = newSplit(number, run.split === null && distance_m <= FROM_START_M ? 0 : null);
    for (const name of ["cadence_spm", "step_length_m", "cadence_vs_baseline_pct", "step_length_vs_baseline_pct"]) {
      const value = metrics[name];
      if (value !== null && value !== undefined) add(run.split.sums, name, value);
    }
    if (number > run.split.number) {
      say({ kind: "splits", words: splitWords(run.split, number, run.elapsed_s) });
      run.split = newSplit(number, run.elapsed_s);
    }
  }

  /** A spoken cue asks for its target: the next time it is reached, that is said. Faded and gated as the cues are. */
  function takeCue(cue) {
    if (run && cue.is_spoken && cue.kind === "cue") run.asked = true;
  }

  function target(place, now_ms) {
    run.on_since_ms = place === "on" ? run.on_since_ms ?? now_ms : null;
    if (!run.asked || run.on_since_ms === null || now_ms - run.on_since_ms < REGAINED_MS) return;
    run.asked = false;
    say({ kind: "target", words: w("live.say.on_target") });
  }

  function siteWords(sensor_id) {
    const site = run.sites.get(sensor_id);
    if (!site) return w("live.site.other");
    return /^(left|right)_|^(pelvis|chest)$/.test(site) ? w(`live.site.${site}`) : site;
  }

  return { takeRun, takeSensor, takeMetrics, takeCue, tick };
}

const newSplit = (number, began_s) => ({ number, began_s, sums: new Map() });

function add(sums, name, value) {
  const { n, sum } = sums.get(name) ?? { n: 0, sum: 0 };
  sums.set(name, { n: n + 1, sum: sum + value });
}

const mean = ({ sums }, name) => (sums.has(name) ? sums.get(name).sum / sums.get(name).n : null);

/** "Kilometre 3 in 5 minutes 48 seconds. Cadence 172, as usual. Step length 101 centimetres, 3 percent shorter ..." */
function splitWords(split, number, now_s) {
  const unit = unitOf("distance_m");
  // Where more than one line was crossed at once, as after a gap, there is no time of one.
  const is_timed = split.began_s !== null && number === split.number + 1;
  const time = timeWords(is_timed ? now_s - split.began_s : now_s);
  const words = [w(`live.say.${is_timed ? "split" : "at"}_${unit}`, { number, time })];
  const cadence = mean(split, "cadence_spm");
  if (cadence !== null) {
    words.push(w("live.say.cadence", { value: valueText("cadence_spm", cadence) }) + usualWords("cadence", mean(split, "cadence_vs_baseline_pct")));
  }
  const step = mean(split, "step_length_m");
  if (step !== null) {
    const value = valueText("step_length_m", step);
    const length = w("live.say.step", { value, unit: w(`live.say.unit_${unitOf("step_length_m")}`) });
    words.push(length + usualWords("step", mean(split, "step_length_vs_baseline_pct")));
  }
  return words.join(" ");
}

function usualWords(key, pct) {
  if (pct === null) return ".";
  if (Math.abs(pct) < LIKE_PCT) return w("live.say.usual");
  return w(`live.say.${key}_${pct > 0 ? "more" : "less"}`, { percent: Math.round(Math.abs(pct)) });
}

function endWords({ distance_m }, elapsed_s) {
  const words = [w("live.say.ended")];
  if (distance_m >= 0.1 * perSplit()) {
    const unit = w(`live.say.unit_${unitOf("distance_m")}`);
    words.push(w("live.say.in_all", { distance: valueText("distance_m", distance_m), unit, time: timeWords(elapsed_s) }));
  }
  return words.join(" ");
}

/** "Run for 400 metres. 2 of 6. At 4 minutes 30 seconds to 4 minutes 45 seconds per kilometre." */
function partWords({ kind, id, seconds = 0, metres, round, n_rounds, is_by_lap, is_eased, low_mps, high_mps }) {
  const is_walked = id === "run_walk" || (kind !== "warm_up" && kind !== "cool_down");
  const time = metres ? distanceWords(metres) : seconds > 0 ? timeWords(seconds) : w("live.say.as_you_like");
  const words = [w(`live.say.part_${kind}${is_walked ? "" : "_easy"}`, { time, round, n_rounds })];
  if (is_by_lap) words.push(w("live.say.part_by_lap"));
  if (is_eased) words.push(w("live.say.pace_eased"));
  const unit = w(`live.say.pace_per_${unitOf("distance_m")}`);
  const [slow, fast] = [low_mps, high_mps].map((speed_mps) => (speed_mps ? timeWords(perSplit() / speed_mps) : ""));
  if (slow && fast) words.push(w("live.say.pace_band", { fast, slow, unit }));
  else if (slow || fast) words.push(w(`live.say.pace_${slow ? "least" : "most"}`, { pace: slow || fast, unit }));
  return words.join(" ");
}

/** Parts shorter than a kilometre are metres for everybody, as on a track. */
function distanceWords(metres) {
  if (metres < 1000) return w("live.say.metres", { n: Math.round(metres) });
  return `${valueText("distance_m", metres)} ${w(`live.say.unit_${unitOf("distance_m")}`)}`;
}

/** "1 hour 2 minutes", "5 minutes 48 seconds", "12 seconds": as it is spoken. */
function timeWords(seconds) {
  const whole = Math.round(seconds);
  /** @type {[string, number][]} */
  const parts = [["hours", Math.floor(whole / 3600)], ["minutes", Math.floor((whole % 3600) / 60)], ["seconds", whole % 60]];
  const said = parts.filter(([, n]) => n > 0).slice(0, 2);
  return (said.length ? said : [["seconds", 0]]).map(([name, n]) => w(`live.say.${name}`, { n })).join(" ");
}

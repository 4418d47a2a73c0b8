// The live stream outlives a network that changes: silence opens it again, it goes on after what was seen, and waits longer
// each time while nobody answers.
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { openFeed } from "../../web/static/js/feed.js";

let sources = [];
let now_ms = 0;

class Source extends EventTarget {
  is_closed = false;
  onerror = null;
  constructor(url) {
    super();
    this.url = url;
    sources.push(this);
  }
  close() { this.is_closed = true; }
  say(name, data, lastEventId = "") { this.dispatchEvent(new MessageEvent(name, { data: data && JSON.stringify(data), lastEventId })); }
}

const pass = (ms) => { for (let left = ms; left > 0; left -= 100) { now_ms += 100; mock.timers.tick(100); } };
const open = () => sources.filter((source) => !source.is_closed);

function begin() {
  const scene = { states: [], metrics: [] };
  scene.feed = openFeed({ metrics: (data) => scene.metrics.push(data), state: (state) => scene.states.push(state) });
  return scene;
}

beforeEach(() => {
  [sources, now_ms] = [[], 0];
  globalThis.EventSource = /** @type {any} */ (Source);
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  mock.method(performance, "now", () => now_ms);
});
afterEach(() => { mock.timers.reset(); mock.restoreAll(); });

test("what the stream says reaches its handler", () => {
  const scene = begin();
  sources[0].say("metrics", { cadence_spm: 170 }, "7");
  assert.deepEqual(scene.metrics, [{ cadence_spm: 170 }]);
  assert.deepEqual(scene.states, ["live"]);
});

test("five seconds of silence open it again, after the last event", () => {
  const scene = begin();
  sources[0].say("metrics", {}, "a b");
  pass(5000);
  assert.equal(sources.length, 1);
  pass(1000);
  assert.equal(sources.length, 2);
  assert.equal(sources[1].url, "/api/v1/live?after=a%20b");
  assert.ok(sources[0].is_closed);
  assert.equal(scene.states.at(-1), "waiting");
});

test("a heartbeat is enough to stay", () => {
  begin();
  for (let k = 0; k < 10; k += 1) { pass(2000); sources[0].say("heartbeat"); }
  assert.equal(sources.length, 1);
});

test("while nobody answers it waits longer each time, eight seconds at most, and one stream is open at most", () => {
  begin();
  const begun = [];
  for (let k = 0; k < 7; k += 1) {
    const n = sources.length;
    sources.at(-1).onerror(new Event("error"));
    const at = now_ms;
    while (sources.length === n) pass(100);
    begun.push(now_ms - at);
    assert.ok(open().length <= 1);
  }
  assert.deepEqual(begun, [500, 1000, 2000, 4000, 8000, 8000, 8000]);
  sources.at(-1).say("heartbeat");
  const n = sources.length;
  sources.at(-1).onerror(new Event("error"));
  pass(500);
  assert.equal(sources.length, n + 1, "an answer resets the wait");
});

test("a page that comes back soon keeps its stream; a closed one opens none", () => {
  const { feed } = begin();
  pass(1000);
  feed.back();
  assert.equal(sources.length, 1);
  pass(2000);
  feed.back();
  assert.equal(sources.length, 2);
  feed.close();
  pass(20000);
  assert.deepEqual(open(), []);
  assert.equal(sources.length, 2);
});

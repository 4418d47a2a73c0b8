// The outbox: nothing is lost where the network is gone or the storage refuses, nothing is sent twice, order is kept.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ageOf, makeOutbox } from "../../web/static/js/outbox.js";

class Refused extends Error {
  is_final = true;
}

/** A coach behind a network, and a browser's storage, both of which can refuse. */
function world({ storage = memory() } = {}) {
  const scene = { storage, is_online: true, refuses: "", sent: [], now_ms: 1000, n_keys: 0 };
  scene.open = () => makeOutbox({
    storage: scene.storage,
    newKey: () => `k${++scene.n_keys}`,
    now_ms: () => scene.now_ms,
    send: async (item) => {
      await new Promise((resolve) => setImmediate(resolve));
      if (!scene.is_online) throw new TypeError("no network");
      if (scene.refuses === item.path) throw new Refused(`refused ${item.path}`);
      scene.sent.push(`${item.key} ${item.path} ${JSON.stringify(item.body)}`);
      return { ok: item.key };
    },
  });
  return scene;
}

function memory() {
  const kept = new Map();
  return { getItem: (name) => kept.get(name) ?? null, setItem: (name, text) => { kept.set(name, text); } };
}

const refusing = () => ({ getItem: () => null, setItem: () => { throw new DOMException("full", "QuotaExceededError"); } });

test("a write that arrives is answered, and nothing waits", async () => {
  const scene = world();
  const box = scene.open();
  const seen = [];
  box.onWaiting((waiting) => seen.push(waiting.n));
  assert.deepEqual(await box.keep("POST", "/run/pain", { level: 3 }), { ok: "k1" });
  assert.deepEqual(box.waiting(), { n: 0, n_here: 0 });
  assert.ok(seen.every((n) => n === 0));
});

test("without network and with a storage that refuses, the page holds the tap, says so, and sends it once", async () => {
  const scene = world({ storage: refusing() });
  const box = scene.open();
  const seen = [];
  box.onWaiting((waiting) => seen.push(waiting));
  scene.is_online = false;
  assert.equal(await box.keep("POST", "/run/pain", { level: 7 }), undefined);
  assert.deepEqual(box.waiting(), { n: 1, n_here: 1 });
  assert.deepEqual(seen.at(-1), { n: 1, n_here: 1 });
  scene.is_online = true;
  await box.flush();
  await box.flush();
  assert.deepEqual(scene.sent, ['k1 /run/pain {"level":7}']);
  assert.deepEqual(box.waiting(), { n: 0, n_here: 0 });
});

test("what was kept outlives the page, with its key and its moment", async () => {
  const scene = world();
  scene.is_online = false;
  await scene.open().keep("POST", "/run/pain", { level: 7 });
  scene.is_online = true;
  scene.now_ms = 61_000;
  const [item] = JSON.parse(scene.storage.getItem("outbox"));
  assert.equal(ageOf(item, scene.now_ms), 60);
  const next = scene.open();
  assert.deepEqual(next.waiting(), { n: 1, n_here: 0 });
  await next.flush();
  assert.deepEqual(scene.sent, ['k1 /run/pain {"level":7}']);
});

test("a storage that no longer lets go of an item does not have it sent again", async () => {
  const scene = world();
  scene.is_online = false;
  const box = scene.open();
  await box.keep("POST", "/run/pain", { level: 7 });
  scene.storage.setItem = () => { throw new Error("read-only"); };
  scene.is_online = true;
  await box.flush();
  await box.flush();
  assert.equal(scene.sent.length, 1);
});

test("writes go out in the order in which they were made", async () => {
  const scene = world();
  const box = scene.open();
  scene.is_online = false;
  await box.keep("POST", "/run/mute", { is_muted: true });
  scene.now_ms += 1;
  await box.keep("POST", "/run/mute", { is_muted: false });
  scene.is_online = true;
  scene.now_ms += 1;
  await Promise.all([box.keep("POST", "/run/pain", { level: 1 }), box.flush()]);
  await box.flush();
  assert.deepEqual(scene.sent.map((line) => line.slice(0, 2)), ["k1", "k2", "k3"]);
});

test("a clock that is set back between two taps does not turn them round", async () => {
  const scene = world();
  const box = scene.open();
  scene.is_online = false;
  await box.keep("POST", "/run/pain", { level: 7 });
  scene.now_ms -= 60_000;
  await box.keep("POST", "/run/pain/undo", {});
  await box.flush();
  scene.is_online = true;
  await scene.open().flush(); // another page of this phone, which has both from the storage
  assert.deepEqual(scene.sent, ['k1 /run/pain {"level":7}', "k2 /run/pain/undo {}"]);
});

test("two quick writes are both answered, in order", async () => {
  const scene = world();
  const box = scene.open();
  const answers = await Promise.all([box.keep("POST", "/a"), box.keep("POST", "/b")]);
  assert.deepEqual(answers, [{ ok: "k1" }, { ok: "k2" }]);
});

test("a write refused at once throws; one refused later is left out and said, and the next goes on", async () => {
  const scene = world();
  const box = scene.open();
  const said = [];
  box.onRefused((words) => said.push(words));
  scene.refuses = "/run/mute";
  await assert.rejects(box.keep("POST", "/run/mute"), /refused/);
  assert.deepEqual(said, []);
  scene.is_online = false;
  await box.keep("POST", "/run/mute");
  scene.now_ms += 1;
  await box.keep("POST", "/run/pain", { level: 2 });
  scene.is_online = true;
  await box.flush();
  assert.deepEqual(said, ["refused /run/mute"]);
  assert.deepEqual(scene.sent.map((line) => line.split(" ")[1]), ["/run/pain"]);
  assert.equal(box.waiting().n, 0);
});

test("a clock that was set back makes no negative age", () => {
  assert.equal(ageOf({ at_ms: 5000 }, 1000), 0);
  assert.equal(ageOf({}, 1000), 0);
});

// The page and its worker: each question gets its own answer, a broken worker answers all that wait.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { openCore } from "../../web/static/js/phone/core.js";

let worker;

class FakeWorker extends EventTarget {
  posted = [];
  constructor() {
    super();
    worker = this;
  }
  postMessage(message) { this.posted.push(message); }
  say(data) { this.dispatchEvent(new MessageEvent("message", { data })); }
}

function begin() {
  const heard = [];
  const listen = Object.fromEntries(["stage", "messages", "log", "trouble", "broken"].map((name) => [name, (...said) => heard.push([name, ...said])]));
  return { core: openCore(listen), heard };
}

beforeEach(() => { globalThis.Worker = /** @type {any} */ (FakeWorker); });

test("answers find their questions in any order", async () => {
  const { core } = begin();
  const [first, second] = [core.send("stats"), core.ask("status", 1)];
  const [a, b] = worker.posted;
  assert.deepEqual(b, { id: b.id, act: "ask", facts: { verb: "status", args: [1] } });
  worker.say({ id: b.id, result: '{"is_on": true}' });
  worker.say({ id: a.id, result: { reports: [] } });
  assert.deepEqual(await second, { is_on: true });
  assert.deepEqual(await first, { reports: [] });
});

test("an error is the question's own", async () => {
  const { core } = begin();
  const [bad, good] = [core.send("begin"), core.ask("status")];
  worker.say({ id: worker.posted[0].id, error: "no pack" });
  worker.say({ id: worker.posted[1].id, result: "" });
  await assert.rejects(bad, /no pack/);
  assert.equal(await good, "");
});

test("a worker that breaks leaves no question waiting, and says so", async () => {
  const { core, heard } = begin();
  const waits = [core.send("begin"), core.send("stats")];
  worker.dispatchEvent(Object.assign(new Event("error"), { message: "out of memory" }));
  for (const one of waits) await assert.rejects(one, /out of memory/);
  assert.deepEqual(heard, [["broken", "out of memory"]]);
});

test("messages of the run go to the page", () => {
  const { heard } = begin();
  worker.say({ messages: [["metrics", {}]] });
  worker.say({ log: "full", words: "no room" });
  assert.deepEqual(heard, [["messages", [["metrics", {}]]], ["log", "full", "no room"]]);
});

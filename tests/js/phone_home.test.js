// A run goes home whole or stays on the phone: cut lines, bytes lost on the way, strangers, and a home that has other bytes.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

const PIECE = 256 << 10;
const logs = new Map();
const folder = {
  getDirectoryHandle: async () => folder,
  getFileHandle: async (name) => ({ getFile: async () => new Blob([logs.get(name)]) }),
  removeEntry: async (name) => { logs.delete(name); },
  async *entries() {
    for (const name of logs.keys()) yield [name, await folder.getFileHandle(name)];
  },
};
Object.defineProperty(globalThis, "navigator", { value: { storage: { getDirectory: async () => folder } }, configurable: true });
const { bringHome } = await import("../../web/static/js/phone/home.js");
const { sha256 } = await import("../../web/static/js/phone/take.js");

/** Home as coach.service.phone.arrivals does it: takes bytes at its own end only; may lose, damage or refuse. */
class Home {
  kept = new Uint8Array();
  state = "unknown";
  requests = [];
  before = () => {};

  async answer(method, address, body) {
    this.requests.push(`${method} ${address}`);
    this.before(this.requests.length);
    const { pathname, searchParams } = new URL(address, "https://home");
    if (method === "PUT" && Number(searchParams.get("offset")) === this.kept.length) {
      this.kept = new Uint8Array([...this.kept, ...new Uint8Array(await body.arrayBuffer())]);
      this.state = "arriving";
    } else if (pathname.endsWith("/finish")) {
      const is_whole = (await sha256(this.kept)) === JSON.parse(body).sha256;
      this.state = is_whole ? "kept" : "unknown";
      if (!is_whole) this.kept = new Uint8Array();
    }
    const digest = this.state === "kept" ? await sha256(this.kept) : null;
    return { state: this.state, n_bytes: this.kept.length, sha256: digest, run_id: "r1", words: "damaged" };
  }
}

let home;
beforeEach(() => {
  logs.clear();
  logs.set("r1.mcap", new Uint8Array(PIECE + 10).fill(7));
  home = new Home();
  globalThis.fetch = async (address, { method, body }) => {
    const found = await home.answer(method, String(address).replace("/api/v1", ""), body);
    return new Response(JSON.stringify(found.status ? { error: { words: found.words } } : found), { status: found.status ?? 200 });
  };
});

test("a run arrives in pieces, and leaves the phone once home has its very bytes", async () => {
  const seen = [];
  assert.equal(await bringHome(null, (run_id, state, share) => seen.push([run_id, state, share])), "");
  assert.deepEqual([...logs.keys()], []);
  assert.equal(home.kept.length, PIECE + 10);
  assert.deepEqual(seen.map(([, state]) => state), ["sending", "sending", "kept"]);
});

test("a line that is cut leaves the run here, and the next try goes on where home is", async () => {
  home.before = (n) => { if (n === 3) throw new TypeError("network"); };
  assert.equal(await bringHome(null, () => {}), "away");
  assert.deepEqual([...logs.keys()], ["r1.mcap"]);
  home.before = () => {};
  assert.equal(await bringHome(null, () => {}), "");
  assert.deepEqual(home.requests.filter((one) => one.startsWith("PUT")).at(-1), `PUT /phone/runs/r1/log?offset=${PIECE}`);
  assert.deepEqual([...logs.keys()], []);
});

test("bytes damaged on the way are sent again, not for ever, and the run stays", async () => {
  home.before = () => { if (home.kept.length > PIECE) home.kept[0] ^= 1; };
  assert.equal(await bringHome(null, () => {}), "damaged");
  assert.equal(home.requests.filter((one) => one.endsWith("/finish")).length, 3);
  assert.deepEqual([...logs.keys()], ["r1.mcap"]);
});

test("a home that takes nothing is given up", async () => {
  home.answer = async () => ({ state: "arriving", n_bytes: 0 });
  assert.equal(await bringHome(null, () => {}), "home does not take it");
  assert.deepEqual([...logs.keys()], ["r1.mcap"]);
});

test("a home that has other bytes under this name deletes nothing here", async () => {
  home.answer = async () => ({ state: "kept", n_bytes: 5, sha256: "0".repeat(64), words: "" });
  assert.equal(await bringHome(null, () => {}), "home has other bytes under this name");
  assert.deepEqual([...logs.keys()], ["r1.mcap"]);
});

test("a stranger is asked for an invitation; other refusals are said", async () => {
  home.answer = async () => ({ status: 401, words: "who are you?" });
  assert.equal(await bringHome(null, () => {}), "stranger");
  home.answer = async () => ({ status: 413, words: "too large" });
  assert.equal(await bringHome(null, () => {}), "too large");
});

test("the run that goes on, and an empty log, are left alone", async () => {
  logs.set("r0.mcap", new Uint8Array());
  assert.equal(await bringHome("r1", () => {}), "");
  assert.deepEqual(home.requests, []);
});

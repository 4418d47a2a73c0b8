// The coach is taken along whole or not at all: a version comes into use only when every file has its hash.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { currentVersion, forgetOthers, sha256, takeAlong } from "../../web/static/js/phone/take.js";

const boxes = new Map();
const keyOf = (address) => new URL(address, "https://home").pathname;
globalThis.location = /** @type {any} */ ({ href: "https://home/phone/" });
globalThis.caches = /** @type {any} */ ({
  open: async (name) => {
    if (!boxes.has(name)) boxes.set(name, new Map());
    const box = boxes.get(name);
    return {
      match: async (address) => box.get(keyOf(address))?.clone(),
      put: async (address, answer) => { box.set(keyOf(address), answer); },
    };
  },
  keys: async () => [...boxes.keys()],
  delete: async (name) => boxes.delete(name),
});

const files = { "core.zip": "abcdef", "worker.js": "xyz" };
let served;
let fetched;

async function manifest(version) {
  const listed = Object.entries(files).map(async ([name, text]) => {
    const bytes = new TextEncoder().encode(text);
    return { name, n_bytes: bytes.length, sha256: await sha256(bytes) };
  });
  return { version, files: await Promise.all(listed) };
}

beforeEach(() => {
  boxes.clear();
  fetched = [];
  served = { ...files, page: 'data-version="2"' };
  globalThis.fetch = async (address) => {
    const name = keyOf(address).split("/").at(-1);
    fetched.push(name || "page");
    const text = served[name || "page"];
    if (text instanceof Error) throw text;
    return new Response(text, { headers: { "Content-Encoding": "gzip", "Content-Security-Policy": "default-src 'self'" } });
  };
});

test("a whole version comes into use, its files kept without the packing of the wire", async () => {
  const seen = [];
  await takeAlong(await manifest("2"), (done, all) => seen.push([done, all]));
  assert.equal(await currentVersion(), "2");
  assert.deepEqual(seen.at(-1), [9, 9]);
  const kept = boxes.get("phone-2").get("/phone/app/2/core.zip");
  assert.equal(kept.headers.get("content-encoding"), null);
  assert.equal(kept.headers.get("content-security-policy"), "default-src 'self'");
});

test("a damaged file stops it, and what was in use stays in use", async () => {
  served.page = 'data-version="1"';
  await takeAlong(await manifest("1"), () => {});
  served["worker.js"] = "xyZ";
  await assert.rejects(takeAlong(await manifest("2"), () => {}), /worker.js arrived damaged/);
  assert.equal(await currentVersion(), "1");
});

test("after a cut line only what is missing is fetched", async () => {
  served["worker.js"] = new TypeError("network");
  await assert.rejects(takeAlong(await manifest("2"), () => {}), /network/);
  served["worker.js"] = files["worker.js"];
  fetched = [];
  await takeAlong(await manifest("2"), () => {});
  assert.deepEqual(fetched, ["worker.js", "page"]);
  assert.equal(await currentVersion(), "2");
});

test("a page of another version is not mixed with these files", async () => {
  served.page = 'data-version="3"';
  await assert.rejects(takeAlong(await manifest("2"), () => {}), /another version/);
  assert.equal(await currentVersion(), null);
});

test("older versions go, but not the one this page was opened with", async () => {
  for (const version of ["1", "2"]) {
    served.page = `data-version="${version}"`;
    await takeAlong(await manifest(version), () => {});
  }
  boxes.set("phone-0", new Map());
  boxes.set("shell", new Map());
  await forgetOthers("1");
  assert.deepEqual([...boxes.keys()].sort(), ["phone-1", "phone-2", "phone-book", "shell"]);
});

// Takes the coach along: all files of one version into the browser's own store, each checked against its hash. A version
// comes into use when it is whole, so that a phone never runs half of one.

const BOOK = "phone-book";
const CURRENT = "/phone/current";
const boxOf = (version) => `phone-${version}`;
const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

export const sha256 = async (bytes) => hex(await crypto.subtle.digest("SHA-256", bytes));

/** The version that this phone uses without a network, null for none. */
export async function currentVersion() {
  const answer = await (await caches.open(BOOK)).match(CURRENT);
  return answer ? (await answer.json()).version : null;
}

/** What the coach at home has to give, null where home cannot be reached. */
export async function newest() {
  try {
    const answer = await fetch("/phone/manifest.json", { cache: "no-store" });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

/** The manifest of a version that is here, null where it is not. */
export async function keptManifest(version) {
  const answer = await (await caches.open(boxOf(version))).match("/phone/manifest.json");
  return answer ? answer.json() : null;
}

/** All bytes of one answer; progress(n) is called for each piece. */
async function bytesOf(answer, progress) {
  const pieces = [];
  let n_bytes = 0;
  const reader = answer.body.getReader();
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    pieces.push(value);
    n_bytes += value.length;
    progress(value.length);
  }
  const bytes = new Uint8Array(n_bytes);
  let at = 0;
  for (const piece of pieces) { bytes.set(piece, at); at += piece.length; }
  return bytes;
}

/** Headers of an answer for the store: it holds unpacked bytes, with the policy that they came with. */
function headersOf(answer) {
  const headers = new Headers(answer.headers);
  for (const name of ["content-encoding", "content-length", "transfer-encoding", "set-cookie"]) headers.delete(name);
  return headers;
}

/**
 * Fetch what is missing of a version, check it, then put it into use. progress(done, all): bytes. Throws where a file
 * is not what the manifest says; what arrived stays for the next try, what was in use stays in use.
 */
export async function takeAlong(manifest, progress) {
  const box = await caches.open(boxOf(manifest.version));
  const all = manifest.files.reduce((sum, file) => sum + file.n_bytes, 0);
  let done = 0;
  const count = (n) => { done += n; progress(done, all); };
  for (const { name, sha256: expected, n_bytes } of manifest.files) {
    const address = new URL(`/phone/app/${manifest.version}/${name}`, location.href).href;
    if (await box.match(address)) { count(n_bytes); continue; }
    const answer = await fetch(address, { cache: "no-store" });
    if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
    const bytes = await bytesOf(answer, count);
    if ((await sha256(bytes)) !== expected) throw new Error(`${name} arrived damaged`);
    await box.put(address, new Response(bytes, { headers: headersOf(answer) }));
  }
  const shell = await fetch("/phone/", { cache: "no-store" });
  const page = await shell.text();
  if (!shell.ok || !page.includes(`data-version="${manifest.version}"`)) throw new Error("the page is of another version");
  await box.put("/phone/", new Response(page, { headers: headersOf(shell) }));
  await box.put("/phone/manifest.json", new Response(JSON.stringify(manifest)));
  await (await caches.open(BOOK)).put(CURRENT, new Response(JSON.stringify({ version: manifest.version })));
}

/** Delete versions other than the one in use and the one that this page was opened with. */
export async function forgetOthers(own) {
  const keep = new Set([BOOK, boxOf(own), boxOf(await currentVersion())]);
  for (const name of await caches.keys()) if (name.startsWith("phone-") && !keep.has(name)) await caches.delete(name);
}

/** The service worker, in charge of this page; false where it does not come to that. */
export async function underServiceWorker() {
  if (!("serviceWorker" in navigator)) return false;
  try {
    await navigator.serviceWorker.register("/phone/service-worker.js", { scope: "/phone/", updateViaCache: "none" });
  } catch (error) {
    console.info(`no service worker: ${error.message}`);
  }
  if (navigator.serviceWorker.controller) return true;
  return new Promise((resolve) => {
    navigator.serviceWorker.addEventListener("controllerchange", () => resolve(true), { once: true });
    setTimeout(() => resolve(Boolean(navigator.serviceWorker.controller)), 8000);
  });
}

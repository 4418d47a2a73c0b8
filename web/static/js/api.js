// Requests to the coach: JSON in, JSON out, errors in words, and writes that wait for the network (outbox.js). Each
// write has a key (`X-Request-Id`): the coach gives a repeat the answer of the first, and does nothing twice.
import { ageOf, makeOutbox } from "./outbox.js";

export class ApiError extends Error {
  constructor(status, code, words, fields = {}) {
    super(words);
    Object.assign(this, { status, code, fields, is_final: status < 500 && status !== 408 && status !== 429 });
  }
}

export const newKey = () => `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 10)}`;

/**
 * One request. Throws ApiError with the coach's words, or TypeError where there is no network.
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @param {{ key?: string, timeout_ms?: number }} [options]
 */
export async function call(method, path, body, { key, timeout_ms = 10000 } = {}) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), timeout_ms);
  try {
    const response = await fetch(`/api/v1${path}`, {
      method,
      signal: stop.signal,
      headers: { ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...(key ? { "X-Request-Id": key } : {}) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = response.status === 204 ? "" : await response.text();
    const answer = text ? JSON.parse(text) : null;
    if (response.ok) return answer;
    const error = answer?.error ?? {};
    throw new ApiError(response.status, error.code ?? "unknown", error.words ?? response.statusText, error.fields);
  } catch (error) {
    if (error.name === "AbortError") throw new TypeError("no answer in time");
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

export const get = (path) => call("GET", path);
export const post = (path, body = {}) => call("POST", path, body, { key: newKey() });
export const put = (path, body = {}) => call("PUT", path, body, { key: newKey() });
export const patch = (path, body = {}) => call("PATCH", path, body, { key: newKey() });
export const remove = (path) => call("DELETE", path, undefined, { key: newKey() });

const box = makeOutbox({ storage: storageOf(window), send: sendItem, newKey, now_ms: () => Date.now() });

/** A write that may wait, see outbox.js; a tap of a run names its run, and is given its age when it is sent. */
export const { keep, flush, waiting, onWaiting, onRefused } = box;

/** A tap that does not wait: it names its run and is distinguished from its repeats. */
export const tap = (path, body, options = {}) => call("POST", path, { ...body, age_s: 0 }, { key: newKey(), ...options });

function sendItem(item) {
  const body = item.path.startsWith("/run/") ? { ...item.body, age_s: ageOf(item, Date.now()) } : item.body;
  return call(item.method, item.path, body, { key: item.key });
}

/** The browser's storage, or nothing where even asking for it is refused. */
function storageOf(page) {
  try { return page.localStorage; } catch { return { getItem: () => null, setItem: () => { throw new Error("refused"); } }; }
}

window.addEventListener("online", flush);
document.addEventListener("visibilitychange", () => { if (!document.hidden) void flush(); });
setInterval(() => { if (waiting().n) void flush(); }, 15000);
// Leaving a page that alone holds a write would lose it: the browser asks first.
window.addEventListener("beforeunload", (event) => { if (waiting().n_here) event.preventDefault(); });

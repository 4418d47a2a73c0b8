// Requests to the coach: JSON in, JSON out, errors in words, and writes that wait for the network.
//
// An outbox keeps writes marked `keep` in this browser until the coach has taken them, in order, each with its own key
// so that the coach can tell a repeat (`X-Request-Id`). Nothing typed in while the phone is away is lost.

const BOX = "outbox";
const listeners = new Set();

export class ApiError extends Error {
  constructor(status, code, words, fields = {}) {
    super(words);
    Object.assign(this, { status, code, fields });
  }
}

const newKey = () => `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 10)}`;

/** One request. Throws ApiError with the coach's words, or TypeError where there is no network. */
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
export const post = (path, body = {}) => call("POST", path, body);
export const put = (path, body = {}) => call("PUT", path, body);
export const patch = (path, body = {}) => call("PATCH", path, body);
export const remove = (path) => call("DELETE", path);

function readBox() {
  try { return JSON.parse(localStorage.getItem(BOX) ?? "[]"); } catch { return []; }
}

function writeBox(items) {
  try { localStorage.setItem(BOX, JSON.stringify(items)); } catch { /* private mode: this page still holds the item */ }
  listeners.forEach((listen) => listen(items.length));
}

/** Told the number of waiting writes whenever it changes. */
export function onWaiting(listen) {
  listeners.add(listen);
  listen(readBox().length);
}

/** A write that may wait: sent now if the coach answers, else kept and sent later. Returns undefined when kept. */
export async function keep(method, path, body = {}) {
  const item = { key: newKey(), method, path, body };
  if (readBox().length === 0) {
    try {
      return await call(method, path, body, { key: item.key });
    } catch (error) {
      if (error instanceof ApiError && error.status < 500) throw error;
    }
  }
  writeBox([...readBox(), item]);
  void flush();
  return undefined;
}

let flushing = false;

/** Send what waits, oldest first; stop at the first that cannot be sent. A refused write is dropped, and said. */
export async function flush() {
  if (flushing) return;
  flushing = true;
  try {
    for (let items = readBox(); items.length; items = readBox()) {
      const [first] = items;
      try {
        await call(first.method, first.path, first.body, { key: first.key });
      } catch (error) {
        if (!(error instanceof ApiError) || error.status >= 500) return;
        console.error(`the coach refused ${first.method} ${first.path}: ${error.message}`);
      }
      writeBox(readBox().filter((item) => item.key !== first.key));
    }
  } finally {
    flushing = false;
  }
}

window.addEventListener("online", flush);
document.addEventListener("visibilitychange", () => { if (!document.hidden) void flush(); });
setInterval(() => { if (readBox().length) void flush(); }, 15000);

// Requests of the phone's page to the coach at home.

export class ApiError extends Error {
  constructor(status, words) {
    super(words);
    this.status = status;
  }
}

/** JSON of the answer. Throws ApiError with home's words, or TypeError where home cannot be reached. */
export async function send(method, path, body, timeout_ms = 30000) {
  const type = typeof body === "string" ? { "Content-Type": "application/json" } : {};
  let answer;
  try {
    answer = await fetch(`/api/v1${path}`, { method, body, headers: type, signal: AbortSignal.timeout(timeout_ms) });
  } catch (error) {
    throw new TypeError(`no answer: ${error.message}`);
  }
  const text = await answer.text();
  if (answer.ok) return JSON.parse(text);
  let words = answer.statusText;
  try { words = JSON.parse(text).error.words; } catch { /* not home's own answer */ }
  throw new ApiError(answer.status, words);
}

// The page's side of the worker: questions as promises, messages of the run as they come.

/** listen: {stage(name), messages(list), log(state, words), trouble(words), broken(words)}. */
export function openCore(listen) {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  const waiting = new Map();
  let n_asked = 0;

  worker.addEventListener("message", ({ data }) => {
    if (data.id) {
      const { resolve, reject } = waiting.get(data.id);
      waiting.delete(data.id);
      if ("error" in data) reject(new Error(data.error));
      else resolve(data.result);
    } else if (data.messages) listen.messages(data.messages);
    else if (data.stage) listen.stage(data.stage);
    else if (data.log) listen.log(data.log, data.words);
    else if (data.trouble) listen.trouble(data.trouble);
  });
  worker.addEventListener("error", (event) => {
    const words = event.message ?? "its files could not be loaded";
    for (const { reject } of waiting.values()) reject(new Error(words));
    waiting.clear();
    listen.broken(words);
  });

  const send = (verb, facts = {}) => new Promise((resolve, reject) => {
    waiting.set(++n_asked, { resolve, reject });
    worker.postMessage({ id: n_asked, act: verb, facts });
  });
  return {
    send,
    /** A question to the core itself; its answer is read from JSON where it is text. */
    async ask(verb, ...args) {
      const answer = await send("ask", { verb, args });
      return typeof answer === "string" && answer !== "" ? JSON.parse(answer) : answer;
    },
    note(sensor_id, characteristic, at_ms, bytes) {
      worker.postMessage({ note: [sensor_id, characteristic, at_ms, bytes] }, [bytes.buffer]);
    },
  };
}

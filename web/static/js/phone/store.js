// The browser's own file system (OPFS): the pack that was taken along, and the logs of runs until home has them.
import { numberText } from "../units.js";

const RUNS = "runs";
const USED = "phone-used";

const root = () => navigator.storage.getDirectory();
const runs = async () => (await root()).getDirectoryHandle(RUNS, { create: true });

/** The pack that was taken along, as text; null for none. */
export async function readPack() {
  try {
    return await (await (await (await root()).getFileHandle("pack.json")).getFile()).text();
  } catch {
    return null;
  }
}

export async function writePack(text) {
  const writer = await (await (await root()).getFileHandle("pack.json", { create: true })).createWritable();
  await writer.write(text);
  await writer.close();
}

/** A pack is for one run: whether that has been. Kept twice, since a killed page may have lost one. */
export async function isUsed(run_id) {
  if (localStorage.getItem(USED) === run_id) return true;
  return (await listRuns()).some((run) => run.run_id === run_id);
}

export const markUsed = (run_id) => localStorage.setItem(USED, run_id);

/** Runs whose log is here, oldest first: {run_id, n_bytes}. */
export async function listRuns() {
  const found = [];
  for await (const [name, handle] of (await runs()).entries()) {
    if (name.endsWith(".mcap")) found.push({ run_id: name.slice(0, -5), n_bytes: (await handle.getFile()).size });
  }
  return found.sort((a, b) => (a.run_id < b.run_id ? -1 : 1));
}

export const logOf = async (run_id) => (await (await runs()).getFileHandle(`${run_id}.mcap`)).getFile();
export const removeRun = async (run_id) => (await runs()).removeEntry(`${run_id}.mcap`);

/** For the worker, which alone may write as it goes: the log of a run, opened at its end. */
export async function openLog(run_id) {
  const file = await (await runs()).getFileHandle(`${run_id}.mcap`, { create: true });
  return file.createSyncAccessHandle();
}

/** Try the store as a run will use it; throws where it refuses. */
export async function tryStore() {
  const file = await (await root()).getFileHandle("try.tmp", { create: true });
  const log = await file.createSyncAccessHandle();
  try {
    log.write(new Uint8Array(1 << 20), { at: 0 });
    log.flush();
    if (log.getSize() !== 1 << 20) throw new Error("the store took fewer bytes than it was given");
  } finally {
    log.close();
    await (await root()).removeEntry("try.tmp");
  }
}

/** A size in megabytes, as it is written. */
export const mb = (bytes) => numberText(bytes / 1e6, 1);

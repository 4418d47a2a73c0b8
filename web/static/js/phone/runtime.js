// Starts the coach's own Python core: in the phone's worker and, for checks, in Node. The bytes come from `read`, which
// has checked them; nothing is fetched from elsewhere.

// Bytes come in as JsBuffer and are copied once; everything else is text, a number or None.
const CALL = `
from pyodide.ffi import JsBuffer
lambda core: lambda verb, *args: getattr(core, verb)(*(a.to_bytes() if isinstance(a, JsBuffer) else a for a in args))
`;

/**
 * @param {(options: object) => Promise<any>} loadPyodide of the vendored runtime
 * @param {{ indexURL: string, packages: string[], read: (name: string) => Promise<Uint8Array>,
 *           stage?: (name: string) => void, versions?: [string, string] }} options
 *   indexURL: where the runtime's own files are. packages: wheels and zips to unpack, in order. stage: called with the progress.
 * @returns {Promise<{ py: any, core: any, call: (verb: string, ...args: any[]) => any }>} the runtime,
 *   coach.phone.core.PhoneCore, and a call of its verbs that takes and gives bytes as Uint8Array
 */
export async function startCore(loadPyodide, { indexURL, packages, read, stage = () => {}, versions = ["", ""] }) {
  stage("runtime");
  const waiting = packages.map((name) => read(name)); // while the runtime starts
  const lock = { info: { abi_version: "2026_0", arch: "wasm32", platform: "emscripten_5_0_3", python: "3.14.0", version: "0.0.0" }, packages: {} };
  const py = await loadPyodide({ indexURL, lockFileContents: JSON.stringify(lock), packages: [] });
  stage("unpack");
  const site = py.runPython("import site; site.getsitepackages()[0]");
  for (const [i, name] of packages.entries())
    py.unpackArchive(await waiting[i], name.endsWith(".zip") ? "zip" : "wheel", { extractDir: site });
  stage("numbers");
  py.runPython("import importlib; importlib.invalidate_caches(); import numpy, pydantic");
  stage("core");
  const core = py.pyimport("coach.phone.core").PhoneCore(...versions);
  core.profiles(); // reads every sensor profile once, before a runner waits for it
  py.runPython("import coach.gait.fusion.body; from coach.packets.registry import formats; formats()"); // nor for these
  const answer = py.runPython(CALL)(core);
  const call = (verb, ...args) => {
    const given = answer(verb, ...args.map((arg) => arg ?? undefined)); // null is no None in Python, undefined is
    if (!given?.toJs) return given;
    const copy = given.toJs();
    given.destroy();
    return copy;
  };
  stage("ready");
  return { py, core, call };
}

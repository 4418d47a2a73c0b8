// node check.mjs FOLDER [SCRIPT IN OUT]: starts the core in Node from an unpacked bundle; with SCRIPT, runs its
// `run(folder)` on the files of IN and writes what it returns to OUT; "twice" starts it again. Prints one line of JSON.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [folder, script, from, to] = process.argv.slice(2);
const cpu = () => { const used = process.cpuUsage(); return (used.user + used.system) / 1e6; };
const { loadPyodide } = await import(pathToFileURL(path.join(folder, "pyodide.mjs")));
const { startCore } = await import(pathToFileURL(path.join(folder, "js/phone/runtime.js")));
const manifest = JSON.parse(fs.readFileSync(path.join(folder, "manifest.json"), "utf8"));

async function start() {
  const stages = [];
  const { py, core } = await startCore(loadPyodide, {
    indexURL: folder + path.sep,
    packages: manifest.packages,
    read: async (name) => new Uint8Array(fs.readFileSync(path.join(folder, name))),
    stage: (name) => stages.push([name, cpu()]),
  });
  const spent_s = Object.fromEntries(stages.slice(0, -1).map(([name, at_s], i) => [name, +(stages[i + 1][1] - at_s).toFixed(2)]));
  return { py, core, spent_s };
}

const { py, core, spent_s } = await start();
const answer = { python: py.runPython("import sys; sys.version.split()[0]"), n_profiles: JSON.parse(core.profiles()).length, start_cpu_s: spent_s };
if (script === "twice") {
  answer.again_cpu_s = (await start()).spent_s;
} else if (script) {
  py.FS.mkdirTree("/case");
  for (const name of fs.readdirSync(from)) py.FS.writeFile(`/case/${name}`, new Uint8Array(fs.readFileSync(path.join(from, name))));
  py.FS.writeFile("/script.py", new Uint8Array(fs.readFileSync(script)));
  const began_s = cpu();
  py.runPython("import sys, json; sys.path.insert(0, '/'); import script; open('/out.json', 'w').write(json.dumps(script.run('/case')))");
  answer.run_cpu_s = +(cpu() - began_s).toFixed(2);
  fs.writeFileSync(to, py.FS.readFile("/out.json"));
}
answer.heap_mb = +(py._module.HEAPU8.length / 2 ** 20).toFixed(1);
console.log(JSON.stringify(answer));

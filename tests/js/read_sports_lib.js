// Reads a FIT, TCX or GPX file by @sports-alliance/sports-lib and prints what it found: `node read_sports_lib.js FILE`.
import { readFileSync } from "node:fs";

import { SportsLib } from "@sports-alliance/sports-lib";
import { DOMParser } from "@xmldom/xmldom";

const path = process.argv[2];
const kind = path.split(".").pop();
const bytes = readFileSync(path);
const text = () => bytes.toString("utf-8");

let event;
if (kind === "fit") event = await SportsLib.importFromFit(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
else if (kind === "tcx") event = await SportsLib.importFromTCX(new DOMParser().parseFromString(text(), "text/xml"));
else event = await SportsLib.importFromGPX(text(), DOMParser);

const stats = (one) => Object.fromEntries([...one.getStats()].map(([name, stat]) => [name, stat.getValue()]));
const activities = event.getActivities().map((one) => ({
  type: one.type,
  stats: stats(one),
  laps: one.getLaps().map(stats),
  streams: Object.fromEntries(one.getAllStreams().map((stream) => [stream.type, stream.getData().filter((value) => value !== null).length])),
}));
console.log(JSON.stringify({ activities }));

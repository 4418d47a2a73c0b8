// Reads a FIT file by Garmin's own SDK and prints what it found: `node read_fit.js FILE`.
import { readFileSync } from "node:fs";

import { Decoder, Stream } from "@garmin/fitsdk";

const bytes = readFileSync(process.argv[2]);
const isFit = Decoder.isFIT(Stream.fromBuffer(bytes));
const isWhole = new Decoder(Stream.fromBuffer(bytes)).checkIntegrity();
const { messages, errors, profileVersion } = new Decoder(Stream.fromBuffer(bytes)).read({ includeUnknownData: true });
console.log(JSON.stringify({ isFit, isWhole, errors: errors.map(String), profileVersion, messages }));

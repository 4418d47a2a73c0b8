// Words that the server gave this page: w("live.pause"), w("page.offline.waiting", {n: 2}).
import { readData } from "./dom.js";

let table = readData("words", {});

/** A worker has no document: the page gives it the words. */
export const useWords = (given) => { table = given; };

export function w(key, params = {}) {
  const plural = "n" in params ? `${key}.${params.n === 1 ? "one" : "other"}` : key;
  const sentence = table[key] ?? table[plural];
  if (sentence === undefined) {
    console.error(`no words for ${key}`);
    return key;
  }
  return sentence.replace(/\{(\w+)\}/g, (all, name) => (name in params ? String(params[name]) : all));
}

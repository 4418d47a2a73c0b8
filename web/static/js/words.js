// Words that the server gave this page: w("live.pause"), w("page.offline.waiting", {n: 2}).
import { readData } from "./dom.js";

let table = readData("words", {});
let language = globalThis.document?.documentElement.lang || "en";
let plurals = new Intl.PluralRules(language);

/** The page's language, as a tag for dates and numbers: English is British. */
export const locale = () => (language === "en" ? "en-GB" : language);

/** A worker has no document: the page hands it the words and their language. */
export function useWords(words, tag = language) {
  table = words;
  language = tag;
  plurals = new Intl.PluralRules(tag);
}

export function w(key, params = {}) {
  const sentence = table[key] ?? ("n" in params ? table[`${key}.${plurals.select(Number(params.n))}`] ?? table[`${key}.other`] : undefined);
  if (sentence === undefined) {
    console.error(`no words for ${key}`);
    return key;
  }
  return sentence.replace(/\{(\w+)\}/g, (all, name) => (name in params ? String(params[name]) : all));
}

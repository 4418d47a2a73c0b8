// Words by key, with parameters, and with the plurals of the language.
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { locale, useWords, w } from "../../web/static/js/words.js";

const WAITING = { "wait.one": "{n} tap waits", "wait.other": "{n} taps wait", plain: "{a} and {b}" };

test("a plural is chosen by its number, and the number is written into it", () => {
  useWords(WAITING, "en");
  assert.equal(w("wait", { n: 1 }), "1 tap waits");
  assert.equal(w("wait", { n: 0 }), "0 taps wait");
});

test("a plural form that a language has but its words lack falls back to the general one", () => {
  useWords({ "wait.one": "{n} toque", "wait.other": "{n} toques" }, "es");
  assert.equal(w("wait", { n: 1_000_000 }), "1000000 toques"); // Spanish calls this form "many"
});

test("a parameter that is not given stays visible, one too many is left out", () => {
  useWords(WAITING, "en");
  assert.equal(w("plain", { a: 0, c: 3 }), "0 and {b}");
});

test("a missing key is shown as itself and reported", () => {
  const complaint = mock.method(console, "error", () => {});
  useWords({}, "en");
  assert.equal(w("no.such", { n: 2 }), "no.such");
  assert.deepEqual(complaint.mock.calls[0].arguments, ["no words for no.such"]);
});

test("English is British", () => {
  useWords({}, "en");
  assert.equal(locale(), "en-GB");
  useWords({}, "de");
  assert.equal(locale(), "de");
});

// Our own JavaScript: modules for pages, workers and service workers, and their tests for Node. No build step.
import js from "@eslint/js";
import globals from "globals";

const rules = {
  ...js.configs.recommended.rules,
  eqeqeq: "error",
  "no-var": "error",
  "prefer-const": "error",
  "no-eval": "error",
  "no-implied-eval": "error",
  "no-unused-vars": ["error", { args: "after-used", caughtErrors: "none" }],
  // The page is made of text, never of markup from a string: what a runner or a file wrote stays text.
  "no-restricted-properties": ["error", { property: "innerHTML" }, { property: "outerHTML" }, { property: "insertAdjacentHTML" }],
};
const options = (...more) => ({ ecmaVersion: 2022, sourceType: "module", globals: Object.assign({}, ...more) });

export default [
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  { files: ["web/static/js/**/*.js"], languageOptions: options(globals.browser), rules },
  { files: ["web/static/js/**/*worker*.js"], languageOptions: options(globals.worker, globals.serviceworker) },
  { files: ["tests/js/**/*.js"], languageOptions: options(globals.nodeBuiltin), rules },
];

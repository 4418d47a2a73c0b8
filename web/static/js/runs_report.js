// The report: printing is the browser's own.
import { on } from "./dom.js";

on("#print", "click", () => window.print());

// What a page, or Node, runs: the cases with the default entry.
import * as tk from "tokenkeeper";
import { cases, run as runCase } from "../lib/harness.js";
import "./index.js";

export const list = () => cases.map(({ sentence, where }) => ({ sentence, where }));
export const run = (sentence, servers) => runCase(sentence, tk, servers);
globalThis.contract = { list, run };

// What the page, or Node, runs.
import * as tk from "tokenkeeper";
import { cases, run as runCase } from "../lib/harness.js";
import "./axios.js";
import "./react.js";
import "./recipes.js";
import "./testing.js";
import "./via.js";
import "./vue.js";

export const list = () => cases.map(({ sentence, where }) => ({ sentence, where }));
export const run = (sentence, servers) => runCase(sentence, tk, servers);
globalThis.contract = { list, run };

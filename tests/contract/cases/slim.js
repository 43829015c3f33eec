// The same with the slim entry.
import * as tk from "tokenkeeper/slim";
import { cases, run as runCase } from "../lib/harness.js";
import "./index.js";

export const list = () => cases.map(({ sentence, where }) => ({ sentence, where }));
export const run = async (sentence, servers) => {
  await tk.load();
  await runCase(sentence, tk, servers);
};
globalThis.contract = { list, run };

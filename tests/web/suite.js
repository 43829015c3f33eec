import { run as runCase } from "./harness.js";
import { cases as answers } from "./answers.js";
import { cases as calls } from "./calls.js";
import { cases as events } from "./events.js";
import { cases as fetching } from "./fetching.js";
import { cases as ledger } from "./ledger.js";
import { cases as locks } from "./locks.js";
import { cases as scopes } from "./scopes.js";
import { cases as stores } from "./stores.js";
import { cases as tabs } from "./tabs.js";
import { cases as timers } from "./timers.js";
import { cases as window } from "./window.js";

const suite = { answers, calls, events, fetching, ledger, locks, scopes, stores, tabs, timers, window };

/** Runs one case of one of the files beside this one. */
export const run = (file, name) => runCase(suite[file], name);

/** The names of the cases in a file. */
export const names = (file) => Object.keys(suite[file]);

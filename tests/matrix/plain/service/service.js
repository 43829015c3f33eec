// Import maps do not reach into workers.
import { createTokenManager } from "/node_modules/tokenkeeper/index.js";
import { scenario } from "./scenario.js";

self.onmessage = (event) => event.waitUntil(scenario(createTokenManager, event.data, "memory").then((outcome) => event.source.postMessage(outcome)));

// Import maps do not reach into workers.
import { createTokenManager } from "/node_modules/tokenkeeper/index.js";
import { scenario } from "./scenario.js";

self.onmessage = async ({ data: api }) => self.postMessage(await scenario(createTokenManager, api, "memory"));

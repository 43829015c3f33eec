import { createTokenManager } from "tokenkeeper";
import { scenario } from "./scenario.js";

self.onmessage = async ({ data: api }) => self.postMessage(await scenario(createTokenManager, api, "memory"));

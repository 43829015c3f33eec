import { createTokenManager } from "tokenkeeper";
import { scenario } from "./scenario.js";

self.onmessage = (event) => event.waitUntil(scenario(createTokenManager, event.data, "memory").then((outcome) => event.source.postMessage(outcome)));

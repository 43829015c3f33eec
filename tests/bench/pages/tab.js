// One of many tabs with the same session.
import { createTokenManager } from "tokenkeeper";
import { network, options } from "./stub.js";

network.open();
globalThis.manager = await createTokenManager({ ...options, storage: "local", autoRefresh: false });
opener.postMessage("open", location.origin);

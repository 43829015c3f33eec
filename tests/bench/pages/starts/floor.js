// The least that any manager has to do that brings this module along and keeps sessions in localStorage.

import { bytes } from "../../../../pkg/wasm/embedded.js";
import { initSync } from "../../../../pkg/wasm/tokenkeeper.js";

export const load = () => initSync({ module: bytes() });
export const start = async () => localStorage.getItem("tokenkeeper");

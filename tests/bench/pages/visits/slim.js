import { createTokenManager, load } from "tokenkeeper/slim";
import { answered } from "./round.js";

await load("/tokenkeeper.wasm");
const auth = await createTokenManager({ server: { kind: "json", login: "/auth/login", refresh: "/auth/refresh" } });
answered(await auth.fetch("/api/orders"));

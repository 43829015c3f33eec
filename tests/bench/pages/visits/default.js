import { createTokenManager } from "tokenkeeper";
import { answered } from "./round.js";

const auth = await createTokenManager({ server: { kind: "json", login: "/auth/login", refresh: "/auth/refresh" } });
answered(await auth.fetch("/api/orders"));

// Logs in, once for all the visits after it.
import { createTokenManager } from "tokenkeeper";
import { next } from "./round.js";

const auth = await createTokenManager({ server: { kind: "json", login: "/auth/login", refresh: "/auth/refresh" } });
await auth.login({ username: "alice", password: "wonderland" });
localStorage.setItem("hand-rolled", await auth.token());
next();

import { createTokenManager } from "tokenkeeper";
import { scenario } from "./scenario.js";

console.log(JSON.stringify(await scenario(createTokenManager, process.argv[2], "memory")));

// A bundle that uses the whole API; scripts/size builds it with esbuild and weighs it.
import { createTokenManager, decodeJwt, isTokenError } from "tokenkeeper";

globalThis.used = [createTokenManager, decodeJwt, isTokenError];

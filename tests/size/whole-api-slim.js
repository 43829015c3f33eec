// The same with the .wasm as a file of its own.
import { createTokenManager, decodeJwt, isTokenError } from "tokenkeeper/slim";

globalThis.used = [createTokenManager, decodeJwt, isTokenError];

// Sizes as a server would send them, at the strongest settings.
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

export const brotli = (data) =>
  brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
export const gzip = (data) => gzipSync(data, { level: 9 }).length;

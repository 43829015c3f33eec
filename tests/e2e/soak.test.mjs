// A short soak; `node tests/e2e/soak.mjs` is the long one.

import { test } from "node:test";
import { soak } from "./soak.mjs";

test("five tabs with tokens of three seconds live through random faults: no session ends, no refresh token is used twice", () =>
  soak(Number(process.env.SOAK_MINUTES ?? 0.5), Number(process.env.SOAK_SEED ?? Date.now() % 1_000_000)));

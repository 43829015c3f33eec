// Every block of docs/guide.md and docs/migration.md, every row of the package's own table and the README's first lines, run as they stand
// there, against a server that answers as its framework does.

import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { top } from "../e2e/fixtures/package.mjs";
import { Page } from "./lib/page.mjs";
import { frameworks, Tokens } from "./lib/frameworks.mjs";
import { contractProject } from "./lib/site.mjs";

const project = await contractProject();
const { createTokenManager, isTokenError } = await import(join(project, "node_modules/tokenkeeper/index.js"));

const read = (page) => readFileSync(join(top, page), "utf8");

// The JavaScript under each heading.
const sections = ["docs/guide.md", "docs/migration.md"]
  .flatMap((page) => read(page).split(/^## /m))
  .map((section) => [section.slice(0, section.indexOf("\n")), [...section.matchAll(/^```js\n([^]*?)^```/gm)].map(([, code]) => code)])
  .filter(([, blocks]) => blocks.length > 0);

const TAKEN_OVER = "Keep your users logged in";

test("every section with code has its server, and every server its section", () => {
  deepEqual(sections.map(([title]) => title), [...Object.keys(frameworks), TAKEN_OVER]);
});

describe("the guide:", () => {
  for (const [title, blocks] of sections) {
    if (title !== TAKEN_OVER) test(title, { timeout: 30_000 }, () => walk(blocks, frameworks[title]));
  }
});

describe("the package's README:", () => {
  const rows = [...read("pkg/README.md").matchAll(/^\| ([^|]+) \| `(server: [^`]+)` \|$/gm)];
  test("its table has eight servers", () => equal(rows.length, 8));
  for (const [, title, options] of rows) {
    const block = `const auth = await createTokenManager({ ${options} });\nawait auth.login({ username, email, password });`;
    test(title, { timeout: 30_000 }, () => walk([block], frameworks[title]));
  }
});

test("the README's first lines show what the server said, call with the token, and hear of the end", { timeout: 30_000 }, async () => {
  const [, code] = read("README.md").match(/^```js\nimport .*\n([^]*?)^```/m);
  const tokens = new Tokens();
  const shown = [];
  const page = new Page(createTokenManager, {
    "POST /auth/login": ({ json }) =>
      json.password === "right" ? [200, { accessToken: tokens.jwt(), refreshToken: tokens.refresh() }] : [401, { message: "Wrong password" }],
    "GET /api/orders": ({ bearer }) => [tokens.opens(bearer) ? 200 : 401, []],
    "POST /auth/logout": () => [204],
  });
  const names = { isTokenError, showError: (words) => shown.push(words), showLogin: (reason) => shown.push(reason), show: (status) => shown.push(status) };
  try {
    await page.run([`${code}\nshow(response.status)`], "wrong", names);
    const auth = await page.run([`${code}\nshow(response.status)`], "right", names);
    await auth.logout();
    deepEqual(shown, [{ message: "Wrong password" }, 401, 200, "user"]);
  } finally {
    page.close();
  }
});

test("the redirect's way back tells of a login that was denied, or that never began here", { timeout: 30_000 }, async () => {
  const blocks = blocksOf("An OAuth server");
  const page = new Page(createTokenManager, frameworks["An OAuth server"].routes(new Tokens()));
  try {
    await rejects(page.run(blocks, "denied"), /The login failed: The user said no/);
    page.sessionStorage.removeItem("login");
    await rejects(page.run(blocks.slice(1)), /not the login that began here/);
  } finally {
    page.close();
  }
});

describe("a session of the old code's is taken over", () => {
  test("by the block in the guide, once", { timeout: 30_000 }, async () => {
    const tokens = new Tokens();
    const page = new Page(createTokenManager, frameworks["Spring Boot"].routes(tokens));
    try {
      page.localStorage.setItem("refreshToken", tokens.refresh());
      for (const load of ["the first page", "the next"]) {
        const auth = await page.run(blocksOf(TAKEN_OVER));
        ok(tokens.opens(await auth.token()), load);
        equal(tokens.renewals, 1);
        equal(page.localStorage.getItem("refreshToken"), null);
      }
    } finally {
      page.close();
    }
  });

  test("by one of the tabs that open at once", { timeout: 30_000 }, async () => {
    const tokens = new Tokens();
    const page = new Page(createTokenManager, frameworks["Spring Boot"].routes(tokens));
    try {
      page.localStorage.setItem("refreshToken", tokens.refresh());
      await page.run([`await Promise.all([1, 2, 3].map(async () => {${blocksOf(TAKEN_OVER)}}))`]);
      equal(tokens.renewals, 1);
    } finally {
      page.close();
    }
  });

  for (const [what, answer, kept] of [["an answer without a token", [200, {}], true], ["no such endpoint", [404], true], ["a refusal", [401], false]]) {
    test(`${kept ? "later" : "never"}, where the server has ${what}`, { timeout: 30_000 }, async () => {
      const tokens = new Tokens();
      const page = new Page(createTokenManager, { ...frameworks["Spring Boot"].routes(tokens), "POST /api/auth/refreshtoken": () => answer });
      try {
        page.localStorage.setItem("refreshToken", "old");
        await page.run(blocksOf(TAKEN_OVER));
        equal(page.localStorage.getItem("refreshToken"), kept ? "old" : null);
      } finally {
        page.close();
      }
    });
  }

  test("by the OAuth grant", { timeout: 30_000 }, async () => {
    const tokens = new Tokens();
    const page = new Page(createTokenManager, frameworks["An OAuth server"].routes(tokens));
    try {
      const auth = await page.run(blocksOf("An OAuth server").slice(1));
      await auth.login({ grant_type: "refresh_token", refresh_token: tokens.refresh() });
      ok(tokens.opens(await auth.token()));
    } finally {
      page.close();
    }
  });
});

async function walk(blocks, { renews, tells, logout, leavesNoTrace, routes, api = "/api/orders", challenge = 'Bearer error="invalid_token"' }) {
  const tokens = new Tokens();
  const orders = ({ bearer }) => (tokens.opens(bearer) ? [200, []] : [401, undefined, { "www-authenticate": challenge }]);
  const page = new Page(createTokenManager, { ...routes(tokens), [`GET ${api}`]: orders });
  try {
    await rejects(page.run(blocks, "wrong"), { code: "login_rejected" });

    const auth = await page.run(blocks, "right");
    const ends = endsOf(auth);
    const status = async () => (await auth.fetch(api)).status;
    equal(await status(), 200, "a call");
    if (tells) ok(Math.abs(auth.session.expiresAt - Date.now() - 300_000) < 5000, "the lifetime");
    else equal(auth.session.expiresAt, null);
    equal(page.localStorage.length, leavesNoTrace ? 0 : 1, "what is stored");

    tokens.expire();
    if (!renews) {
      equal(await status(), 401, "a call with an expired token");
      return deepEqual(ends, ["expired"]);
    }
    equal(await status(), 200, "a call with an expired token");
    tokens.expire();
    equal(await status(), 200, "a call with an expired token, after a refresh");
    equal(tokens.renewals, 2);

    await auth.logout();
    equal(auth.session, null);
    equal(tokens.ended, logout ? 1 : 0, "sessions that the server was told the end of");

    const revoked = await page.run(blocks, "right");
    const others = endsOf(revoked);
    tokens.revoke();
    equal((await revoked.fetch(api)).status, 401, "a call of a revoked session");
    deepEqual(others, ["refresh_rejected"]);
  } finally {
    page.close();
  }
}

function blocksOf(wanted) {
  return sections.find(([title]) => title === wanted)[1];
}

function endsOf(manager) {
  const reasons = [];
  manager.on("logout", ({ reason }) => reasons.push(reason));
  return reasons;
}

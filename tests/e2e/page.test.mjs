// The demo page, as a visitor uses it, with the servers of the demo behind it.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import { startBrowser } from "./fixtures/browser.mjs";
import { startDemo } from "./fixtures/demo.mjs";
import { top } from "./fixtures/package.mjs";

const pkg = process.env.TOKENKEEPER_PACKAGE || join(top, "pkg");
const [demo, browser] = await Promise.all([startDemo(join(top, "www/site"), "--pkg", pkg), startBrowser()]);
after(() => Promise.all([demo.stop(), browser.close()]));

// A visit with a fresh profile and calm servers; whatever the console complains of fails it.
function visit(title, story, { path = "/", settings = { accessTtl: 300 } } = {}) {
  test(title, async () => {
    await demo.lab("reset");
    await demo.lab("settings", settings);
    const context = await browser.newContext();
    const complaints = [];
    context.on("console", (message) => {
      // Chromium itself writes a line for every answer of 400 and more, and for every lost one.
      const expected = message.text().startsWith("Failed to load resource");
      if (["error", "warning"].includes(message.type()) && !expected) complaints.push(message.text());
    });
    context.on("weberror", (error) => complaints.push(String(error.error())));
    try {
      const page = await context.newPage();
      await page.goto(demo.url + path);
      await page.getByText("Nobody is logged in.").waitFor();
      await story(page, context);
      deepEqual(complaints, []);
    } finally {
      await context.close();
    }
  });
}

async function logIn(page, name = "alice") {
  await page.getByRole("button", { name: new RegExp(`^${name}`) }).click();
  await page.getByRole("button", { name: "Log in", exact: true }).click();
  await page.getByText(/^(Alice|Bob) .* is logged in\.$/).waitFor();
}

const press = (page, name) => page.getByRole("button", { name }).click();

// The diagram in words, without the times.
async function rows(page) {
  const texts = await page.locator("#in-words li").allTextContents();
  return texts.map((text) => text.replace(/^[\d:]+ /, ""));
}

// Waits until the diagram ends with these rows.
async function endsWith(page, ...expected) {
  const seen = async () => (await rows(page)).slice(-expected.length);
  for (let tries = 0; tries < 100 && String(await seen()) !== String(expected); tries += 1) await page.waitForTimeout(100);
  deepEqual(await seen(), expected);
}

const says = (page, text) => page.locator("#story").getByText(text).waitFor();

visit("a login and a call are drawn, and the token is taken apart", async (page) => {
  await logIn(page);
  await press(page, "Call the API");
  await endsWith(
    page,
    "client to authorization server: POST /auth/login, name + password",
    "authorization server to client: 200, access + refresh token (accepted)",
    "client to resource server: GET /api/orders, Bearer eyJ… #1",
    "resource server to client: 200, with data (accepted)",
  );
  equal(await page.locator("#arrows .message").count(), 4);
  const token = await page.locator("#token .raw").textContent();
  equal(token.split(".").length, 3);
  match(await page.locator("#token").textContent(), /expires at \d\d:\d\d:\d\d/);
  const elsewhere = await page.evaluate(() => {
    const copy = document.documentElement.cloneNode(true);
    copy.querySelector("#token").remove();
    return copy.outerHTML;
  });
  for (const part of token.split(".")) ok(!elsewhere.includes(part), "a part of the token stands elsewhere on the page");
});

visit("a wrong password is refused, and the form says so", async (page) => {
  await page.getByLabel("Password").fill("looking-glass");
  await press(page, "Log in");
  await page.getByText("The username or the password is wrong").waitFor();
  await endsWith(page, "client to authorization server: POST /auth/login, name + password", "authorization server to client: 401, invalid_credentials (refused)");
});

visit("an expired access token is refused, refreshed, and the call repeated", async (page) => {
  await logIn(page);
  await press(page, "Expire access token");
  await says(page, "its next call will tell");
  await press(page, "Call the API");
  await endsWith(
    page,
    "authorization server: lab: access token expired",
    "client to resource server: GET /api/orders, Bearer eyJ… #1",
    "resource server to client: 401, invalid_token (refused)",
    "client to authorization server: POST /auth/refresh, refresh token",
    "authorization server to client: 200, access + refresh token (accepted)",
    "client to resource server: GET /api/orders, Bearer eyJ… #2",
    "resource server to client: 200, with data (accepted)",
  );
  await page.getByRole("heading", { name: "The access token #2, taken apart" }).waitFor();
  deepEqual(await page.locator("#events b").allTextContents(), ["refresh", "login"]);
});

visit("100 calls with an expired token cause one refresh", async (page) => {
  await logIn(page);
  await press(page, "Expire access token");
  await says(page, "its next call will tell");
  await press(page, "100 calls at once");
  await says(page, "100 calls: 100 × 200. Refreshes meanwhile: 1.");
  equal((await rows(page)).filter((row) => row.includes("POST /auth/refresh")).length, 1);
  match((await rows(page)).at(-1), /200, with data, \d+ times/);
});

visit("before expiry the token is refreshed by itself, and the bar refills", async (page) => {
  await logIn(page);
  await endsWith(page, "client to authorization server: POST /auth/refresh, refresh token", "authorization server to client: 200, access + refresh token (accepted)");
  await page.waitForFunction(() => document.querySelector("#access-clock").dataset.state === "good");
  equal(await page.locator("#who-text").textContent(), "Alice Liddell is logged in.");
}, { settings: { accessTtl: 6 } });

visit("without a refresh token an expired session ends", async (page) => {
  await page.getByLabel("Without one").check();
  await logIn(page);
  equal((await rows(page)).at(-1), "authorization server to client: 200, access token (accepted)");
  await endsWith(page, "client: logged out: expired");
  await says(page, "nothing to renew it with: log in again.");
  await page.getByText("Nobody is logged in.").waitFor();
}, { settings: { accessTtl: 3 } });

visit("with an expired refresh token the next refresh ends the session", async (page) => {
  await logIn(page);
  await press(page, "Expire refresh token");
  await says(page, "expired at the server");
  await press(page, "Refresh now");
  await endsWith(
    page,
    "client to authorization server: POST /auth/refresh, refresh token",
    "authorization server to client: 401, invalid_grant (refused)",
    "client: logged out: refresh_rejected",
  );
});

visit("a reader may read, and no more", async (page) => {
  await logIn(page, "bob");
  const outcomes = page.locator("#rights output");
  await press(page, "Read the orders");
  await press(page, "Write an order");
  await press(page, "Open the report");
  await page.waitForFunction(() => [...document.querySelectorAll("#rights output")].every(({ textContent }) => /\d/.test(textContent)));
  const [read, write, report] = await outcomes.allTextContents();
  match(read, /^✓ 200/);
  equal(write, "◆ 403 insufficient_scope");
  equal(report, "◆ 403 insufficient_scope");
  ok(!(await rows(page)).some((row) => row.includes("refresh,")), "a refusal of rights caused a refresh");
});

visit("a lost answer and a simulated lost network end nothing", async (page) => {
  await logIn(page);
  await press(page, "Break next refresh");
  await says(page, "will not reach the server");
  await press(page, "Refresh now");
  // The manager tries again by itself, so these need not be the last rows for long.
  const shows = (text) => page.locator("#in-words li", { hasText: text }).first().waitFor({ state: "attached" });
  await shows("no answer, connection closed (lost)");
  await press(page, "Go offline");
  await press(page, "Call the API");
  await shows(/GET \/api\/orders, Bearer eyJ… #\d \(lost\)/);
  await press(page, "Go offline");
  await press(page, "Call the API");
  await shows("200, with data (accepted)");
  equal(await page.locator("#who-text").textContent(), "Alice Liddell is logged in.");
});

for (const storage of ["local", "cookie"]) {
  visit(`a logout in a second tab reaches the first (${storage})`, async (page, context) => {
    await logIn(page);
    const opened = context.waitForEvent("page");
    await page.getByRole("link", { name: "Open a second tab" }).click();
    const second = await opened;
    await second.getByText("Alice Liddell is logged in.").waitFor();
    await press(second, "Log out, in every tab");
    await endsWith(page, "client: logged out: remote");
    match(await page.locator("#events li").first().textContent(), /logoutremoteuser/);
    await page.getByText("Nobody is logged in.").waitFor();
  }, { path: storage === "local" ? "/" : `/?storage=${storage}` });
}

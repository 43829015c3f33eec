// Takes the screenshots of the demo page. With the demo running (`make demo`), from the top of the project:
//     node docs/screenshots/take.mjs [address]

import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const address = process.argv[2] ?? "http://127.0.0.1:8080";
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});

async function take(name, options, scroll) {
  const page = await browser.newPage({ reducedMotion: "reduce", ...options });
  await page.goto(address);
  await page.getByRole("button", { name: "Log in", exact: true }).click();
  await page.getByText("Alice Liddell is logged in.").waitFor();
  await page.locator("#expire-access").click();
  await page.getByText("its next call will tell").waitFor();
  await page.locator("#burst").click();
  await page.getByText("100 calls: 100 × 200").waitFor();
  await page.waitForTimeout(2500);
  await page.evaluate(() => document.activeElement.blur());
  await page.mouse.move(0, 0);
  await page.evaluate(scroll);
  await page.waitForTimeout(300);
  await page.screenshot({ path: fileURLToPath(new URL(`${name}.png`, import.meta.url)) });
  await page.close();
}

await take("scenario", { viewport: { width: 1280, height: 960 }, colorScheme: "light" }, () => scrollTo(0, 0));
await take("phone-dark", { viewport: { width: 360, height: 800 }, deviceScaleFactor: 2, colorScheme: "dark" }, () =>
  document.querySelector(".stage").scrollIntoView(),
);
await browser.close();

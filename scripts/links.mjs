// Does every link between the tree's pages lead somewhere? Files and headings are looked for; addresses elsewhere are not.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const pages = execFileSync("git", ["ls-files", "*.md"], { encoding: "utf8" }).trim().split("\n");

// A heading's name in an address, as GitHub and TypeDoc make it.
const slug = (heading) => heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
const headings = (page) => {
  const text = readFileSync(page, "utf8").replace(/^```[^]*?^```/gm, "");
  return new Set([...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => slug(heading)));
};

const dead = pages.flatMap((page) =>
  [...readFileSync(page, "utf8").matchAll(/(?:\]\(|src=")([^)"\s]+)/g)]
    .map(([, link]) => link)
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [path, anchor] = link.split("#");
      const target = path ? normalize(join(dirname(page), path)) : page;
      return !existsSync(target) || (anchor && !headings(target).has(anchor));
    })
    .map((link) => `${page} links to ${link}`),
);
if (dead.length > 0) {
  console.error(`✗ Links that lead nowhere:\n  ${dead.join("\n  ")}`);
  process.exitCode = 1;
}

// The projects and what is tried of each. `tool`: the package whose version tells theirs.
// `entries`: "default", "slim" (the same with the other import), "worker" and "service" (the default in a module worker, in a service worker).
// `modes`: "build" and "dev" are scripts of the project's package.json (`build:slim` where slim takes a step more);
// "served" opens its files as they are, "node" runs main.js.
// `output`: what was built; without it the project's `start` serves it. `ownApp`: not with the page in app/.
// `script`: how the page loads its script, if not as a module. `preload`: where slim's page says that its module is.
// `fast`: what of it is part of `make test`.
//
// The tools' versions are the newest that run on Node 20 and of which the registry has the packages of every platform, without
// which `npm ci` refuses a lock file; hence the `overrides` in some package.json.

const installed = "./node_modules/tokenkeeper/wasm/tokenkeeper_bg.wasm";
const copied = "./wasm/tokenkeeper_bg.wasm";

const bundler = { entries: ["default", "slim"], modes: ["build"], output: "dist" };
const vite = { ...bundler, tool: "vite", entries: ["default", "slim", "worker"], modes: ["build", "dev"], preload: installed };
const webpack = { ...bundler, entries: ["default", "slim", "worker"], script: "defer" };
const framework = { ...bundler, modes: ["build", "dev"], ownApp: true };

export const projects = {
  "vite-8": { ...vite, fast: { entries: ["default", "slim"] } },
  "vite-7": vite,
  "vite-6": vite,
  webpack: { ...webpack, tool: "webpack", fast: { entries: ["default", "worker"] } },
  rspack: { ...webpack, tool: "@rspack/core" },
  rollup: { ...bundler, tool: "rollup", preload: copied },
  esbuild: { ...bundler, tool: "esbuild", entries: ["default", "slim", "worker", "service"], preload: copied, fast: { entries: ["default", "slim", "service"] } },
  parcel: { ...bundler, tool: "parcel", entries: ["default", "slim", "worker"], preload: installed },
  next: { ...framework, tool: "next", output: undefined },
  sveltekit: { ...framework, tool: "@sveltejs/kit", output: "build" },
  angular: { ...framework, tool: "@angular/build" },
  plain: { entries: ["default", "slim", "worker", "service"], modes: ["served"], output: ".", preload: installed, fast: {} },
  node: { entries: ["default", "slim"], modes: ["node"], ownApp: true, fast: {} },
};

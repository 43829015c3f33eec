// The projects and what is tried of each. `tool`: the package whose version tells theirs.
// `entries`: "default", "slim" (the same with the other import), "worker" and "service" (the default in a module worker, in a service worker).
// `modes`: "build" and "dev" are scripts of the project's package.json (`build:slim` where slim takes a step more);
// "served" opens its files as they are, "node" runs main.js.
// `output`: what was built; without it the project's `start` serves it. `ownApp`: not with the page in app/.
// `fast`: what of it is part of `make test`.

const bundler = { entries: ["default", "slim"], modes: ["build"], output: "dist" };
const vite = { ...bundler, tool: "vite", entries: ["default", "slim", "worker"], modes: ["build", "dev"] };
const framework = { ...bundler, modes: ["build", "dev"], ownApp: true };

export const projects = {
  "vite-8": { ...vite, fast: { entries: ["default", "slim"] } },
  "vite-7": vite,
  "vite-6": vite,
  webpack: { ...bundler, tool: "webpack", entries: ["default", "slim", "worker"], fast: { entries: ["default", "worker"] } },
  rspack: { ...bundler, tool: "@rspack/core", entries: ["default", "slim", "worker"] },
  rollup: { ...bundler, tool: "rollup" },
  esbuild: { ...bundler, tool: "esbuild", entries: ["default", "slim", "worker", "service"], fast: { entries: ["default", "slim", "service"] } },
  parcel: { ...bundler, tool: "parcel", entries: ["default", "slim", "worker"] },
  next: { ...framework, tool: "next", output: undefined },
  sveltekit: { ...framework, tool: "@sveltejs/kit", output: "build" },
  angular: { ...framework, tool: "@angular/build" },
  plain: { entries: ["default", "slim", "worker", "service"], modes: ["served"], output: ".", fast: {} },
  node: { entries: ["default", "slim"], modes: ["node"], ownApp: true, fast: {} },
};

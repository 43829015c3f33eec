// The module that the recipes import as theirs: the real core, with a server and a clock of the tests'.

import { createTestManager } from "tokenkeeper/testing";

let api;
export const serve = (answer) => (api = answer);

export const { auth, server, clock } = await createTestManager({
  lifetime: 60,
  autoRefresh: false, // only use refreshes
  resources: ["https://api.example.com/v1/"],
  api: (request) => api(request),
});

// What a call with a good token costs over a bare fetch.

import { createTokenManager } from "tokenkeeper";
import { report, sideBySide } from "./measure.js";
import * as peers from "./peers.js";
import { authorizationOf, network, options, token } from "./stub.js";

await report(async () => {
  network.open();
  const manager = await createTokenManager({ ...options, storage: "local" });
  await manager.login({});
  const url = `${location.origin}/api/orders`;
  const headers = { authorization: `Bearer ${token}` };
  const body = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
  const calls = {
    bare: () => fetch(url, { headers }),
    tokenkeeper: () => manager.fetch(url),
    "tokenkeeper, with a body and a header": () => manager.fetch(url, body),
  };
  for (const [name, open] of Object.entries(peers.all)) {
    const call = await open(token);
    calls[name] = () => call(url);
  }
  // axios always reads the body, so it is compared with who does.
  calls["bare, body read"] = async () => (await fetch(url, { headers })).json();
  for (const [name, call] of Object.entries(calls)) {
    const sent = await authorizationOf(call);
    if (sent !== headers.authorization) throw new Error(`${name} sends ${sent}`);
  }
  const times = await sideBySide(calls, { rounds: 80, size: 100 });
  return times;
});

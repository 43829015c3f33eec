import { equal, ok, test } from "../lib/harness.js";

test("fetchVia: another function sends, by the rules of fetch", async (t) => {
  const world = await t.world();
  const manager = await t.loggedIn(world);
  const sent = [];
  const answers = [401, 200];
  const send = manager.fetchVia(async (input, init) => {
    sent.push([input, new Headers(init?.headers).get("authorization")]);
    return { status: answers.shift(), mine: true };
  });
  const first = await manager.token();
  const answer = await send(world.url("api"), { method: "POST", body: "x" });
  const second = await manager.token();
  equal([answer.status, answer.mine], [200, true]);
  ok(first !== second, "another token");
  equal(sent, [[world.url("api"), `Bearer ${first}`], [world.url("api"), `Bearer ${second}`]]);
  equal((await world.requests("refresh")).length, 1);
});

test("fetchVia: what is no resource is sent untouched", async (t) => {
  const manager = await t.loggedIn(await t.world());
  const init = { headers: { "x-own": "1" } };
  const sent = [];
  const send = manager.fetchVia(async (...all) => (sent.push(all), { status: 401 }));
  for (const address of ["https://elsewhere.example/", "http://["]) await send(address, init); // the second is no URL
  equal(sent.length, 2);
  ok(sent.every(([, given]) => given === init), "the caller's own init");
});

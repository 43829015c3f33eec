import { equal, near, ok, sleep, test, until } from "../lib/harness.js";

const store = (later = (value) => value) => {
  const kept = new Map();
  return {
    kept,
    get: (key) => later(kept.get(key) ?? null),
    set: (key, value) => later(void kept.set(key, value)),
    remove: (key) => later(void kept.delete(key)),
  };
};
const slowly = (value) => new Promise((resolve) => setTimeout(resolve, 20, value));

for (const [what, make] of [["at once", () => store()], ["later", () => store(slowly)]]) {
  test(`a store of one's own that answers ${what} keeps the session`, async (t) => {
    const world = await t.world();
    const storage = make();
    const m = await t.loggedIn(world, { storage, name: `own-${what}` });
    await m.refresh();
    await until(() => storage.kept.size === 1, "the session in the store");
    const { expiresAt, claims } = m.session;
    const token = await m.token();
    m.close();
    await sleep(100);
    const again = await t.manager(world, { storage, name: `own-${what}` });
    equal(again.session.claims, claims);
    near(again.session.expiresAt, expiresAt, 50);
    equal(await again.token(), token);
    await again.logout();
    await until(() => storage.kept.size === 0, "an empty store");
    const last = await t.manager(world, { storage, name: `own-${what}` });
    equal(last.session, null);
  });
}

const unusable = {
  "throws": { get() { throw new Error("no"); }, set() { throw new Error("no"); }, remove() { throw new Error("no"); } },
  "rejects": { get: () => Promise.reject(new Error("no")), set: () => Promise.reject(new Error("no")), remove: () => Promise.reject(new Error("no")) },
  "never answers": { get: () => new Promise(() => {}), set: () => new Promise(() => {}), remove: () => new Promise(() => {}) },
  "cannot be written": { get: () => null, set() { throw new Error("full"); }, remove() {} },
};
for (const [what, storage] of Object.entries(unusable)) {
  test(`with a store that ${what} the session lives in memory, and one warning says so`, async (t) => {
    const world = await t.world();
    const m = await t.loggedIn(world, { storage });
    ok(m.session, "a session");
    await m.refresh();
    equal((await m.fetch(world.url("api"))).status, 200);
    await until(() => m.events.some(({ code }) => code === "storage_unavailable"), "the warning");
    equal(m.events.filter(({ code }) => code === "storage_unavailable").length, 1);
    await m.logout();
    equal(m.session, null);
  });
}

test("login and refresh resolve once a slow store of one's own holds the session, so that the page can be left at once", async (t) => {
  const world = await t.world();
  const { kept, ...atOnce } = store();
  const slow = (use) => (...all) => slowly().then(() => use(...all));
  const storage = { get: slow(atOnce.get), set: slow(atOnce.set), remove: slow(atOnce.remove) };
  const m = await t.loggedIn(world, { storage, name: "left-at-once" });
  equal(kept.size, 1, "records after the login");
  await m.refresh();
  const token = await m.token();
  ok([...kept.values()].every((text) => text.includes(token)), "the new token in the store");
  await m.logout();
  equal(kept.size, 0, "records after the logout");
});

for (const [what, set] of [["throws", () => { throw new Error("full"); }], ["rejects", () => Promise.reject(new Error("full"))]]) {
  test(`a store of one's own whose set ${what} later keeps no old session, which would outlive the logout`, async (t) => {
    const world = await t.world();
    const storage = store();
    const m = await t.loggedIn(world, { storage, name: `full-${what}` });
    storage.set = set;
    await m.refresh();
    await until(() => m.events.some(({ code }) => code === "storage_unavailable"), "the warning");
    equal((await m.fetch(world.url("api"))).status, 200);
    await m.logout();
    m.close();
    equal(storage.kept.size, 0, "records after the logout");
    equal((await t.manager(world, { storage, name: `full-${what}` })).session, null);
  });
}

for (const [what, remove] of [["throws", () => { throw new Error("no"); }], ["rejects", () => Promise.reject(new Error("no"))]]) {
  test(`a store of one's own whose remove ${what} has no session after a logout`, async (t) => {
    const world = await t.world();
    const storage = store();
    const m = await t.loggedIn(world, { storage, name: `stuck-${what}` });
    storage.remove = remove;
    await m.logout();
    m.close();
    equal([...storage.kept.values()], [""], "what the store holds");
    equal((await t.manager(world, { storage, name: `stuck-${what}` })).session, null);
  });
}

test("a store of one's own that has room once the old session is gone is used on", async (t) => {
  const world = await t.world();
  const storage = store();
  const { set } = storage;
  storage.set = (key, value) => {
    if (storage.kept.size > 0) throw new Error("full");
    return set(key, value);
  };
  const m = await t.loggedIn(world, { storage, name: "tight" });
  await m.refresh();
  const token = await m.token();
  await until(() => [...storage.kept.values()].some((text) => text.includes(token)), "the new token in the store");
  equal(m.events.filter(({ code }) => code === "storage_unavailable").length, 0);
});

for (const [what, text] of [["no JSON", "}{"], ["another program's", '{"user":"ada"}'], ["a number", "7"], ["empty", ""], ["a record with a bad token", '[1,5,1,"a b",null,null,0,null,null,null]'], ["a record of another version", '[2,5,1,"a",null,null,0,null,null,null]']]) {
  test(`a store that holds what is ${what} warns storage_corrupt and starts logged out`, async (t) => {
    const world = await t.world();
    const storage = { ...store(), get: () => text };
    const m = await t.manager(world, { storage });
    equal(m.session, null);
    await until(() => m.events.some(({ code }) => code === "storage_corrupt"), "the warning");
  });
}

for (const kind of ["local", "session"]) {
  test(`storage: "${kind}" keeps the session under its name`, "page", async (t) => {
    const kept = globalThis[`${kind}Storage`];
    kept.clear();
    const world = await t.world();
    const m = await t.loggedIn(world, { storage: kind, name: "one" });
    const other = await t.manager(world, { storage: kind, name: "two" });
    equal(other.session, null, "the session of another name");
    equal(Object.keys(kept).length, 1, "keys in the store");
    m.close();
    const again = await t.manager(world, { storage: kind, name: "one" });
    ok(again.session, "the session of the same name");
    await again.logout();
    equal(Object.keys(kept).length, 0, "keys in the store after a logout");
  });
}

test('the default is storage: "local" and the name "tokenkeeper"', "page", async (t) => {
  const world = await t.world();
  const m = await t.loggedIn(world, { storage: undefined, name: undefined });
  ok(localStorage.getItem("tokenkeeper"), "a record under the default name");
  m.close();
  const again = await t.manager(world, { storage: "local", name: "tokenkeeper" });
  ok(again.session, "the same session");
  await again.logout();
});

test('storage: "memory" writes nothing anywhere', "page", async (t) => {
  localStorage.clear();
  sessionStorage.clear();
  const world = await t.world();
  const m = await t.loggedIn(world, { storage: "memory", name: "nowhere" });
  await m.refresh();
  equal([localStorage.length, sessionStorage.length], [0, 0]);
  m.close();
  equal((await t.manager(world, { storage: "memory", name: "nowhere" })).session, null);
});

test("without web storage the session lives in memory, and a warning says so", "node", async (t) => {
  for (const storage of ["local", "session"]) {
    const m = await t.loggedIn(await t.world(), { storage });
    ok(m.session, "a session");
    await until(() => m.events.some(({ code }) => code === "storage_unavailable"), "the warning");
  }
});

test("two managers of one name and store are one session: login, refresh and logout show in the other", async (t) => {
  const world = await t.world();
  const storage = store();
  const [a, b] = [await t.manager(world, { storage, name: "shared" }), await t.manager(world, { storage, name: "shared" })];
  await a.login({ password: "right" });
  await until(() => b.session, "the login in the other");
  await a.refresh();
  await until(async () => (await b.token()) === (await a.token()), "the new token in the other");
  await b.logout();
  await until(() => a.session === null, "the logout in the other");
  equal(b.events.map(({ type, remote }) => [type, remote]), [["login", true], ["refresh", true], ["logout", false]]);
  equal(a.events.map(({ type, remote }) => [type, remote]), [["login", false], ["refresh", false], ["logout", true]]);
  equal(a.events.at(-1).reason, "user");
});

for (const [kept, storage] of [["in memory", () => "memory"], ["in a store of its own", () => store()]]) {
  test(`managers on a server are different users, whatever their names, with a session ${kept}`, "node", async (t) => {
    const world = await t.world();
    const bob = await t.loggedIn(world, { name: "user", storage: storage() });
    const ann = await t.loggedIn(world, { name: "user", storage: storage() }); // whose session, being newer, would end his with its own
    const [ear, mouth] = [0, 1].map(() => new BroadcastChannel("tokenkeeper:user"));
    await ann.logout();
    mouth.postMessage("heard after all that was said before");
    await new Promise((resolve) => (ear.onmessage = ({ data }) => typeof data === "string" && resolve()));
    for (const channel of [ear, mouth]) channel.close();
    await bob.refresh(); // after whatever it has read on hearing something
    ok(bob.session, "the other's session");
  });
}

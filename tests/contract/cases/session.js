import { equal, near, ok, test } from "../lib/harness.js";

test("before a login the session is null, and after a logout again", async (t) => {
  const m = await t.manager(await t.world());
  equal(m.session, null);
  await m.login({ password: "right" });
  ok(m.session, "a session");
  const leaving = m.logout();
  equal(m.session, null, "the session, at once");
  await leaving;
});

test("the session shows the claims, scopes and times of the token", async (t) => {
  const m = await t.loggedIn(await t.world({ claims: { sub: "ada", scope: "read write" } }));
  equal(m.session.claims.sub, "ada");
  equal([...m.session.scopes], ["read", "write"]);
  near(m.session.expiresAt, Date.now() + 300_000);
  equal(m.session.refreshExpiresAt, null);
});

test("the session is the same object until something changes, and another one after", async (t) => {
  const world = await t.world();
  const m = await t.loggedIn(world);
  const first = m.session;
  await m.token();
  await m.fetch(world.url("api"));
  ok(m.session === first, "the same object while nothing changed");
  await m.refresh();
  ok(m.session !== first, "another object after a refresh");
  equal(m.session, m.session);
});

test("login(), refresh() and the events hand out that very object", async (t) => {
  const m = await t.manager(await t.world());
  ok((await m.login({ password: "right" })) === m.session, "login() to resolve with manager.session");
  ok((await m.refresh()) === m.session, "refresh() to resolve with manager.session");
  const events = [];
  for (const type of ["login", "refresh"]) m.on(type, (event) => events.push([type, event.remote, event.session === m.session]));
  await m.refresh();
  await m.login({ password: "right" });
  equal(events, [["refresh", false, true], ["login", false, true]]);
});

test("a session cannot be changed from outside", async (t) => {
  const m = await t.loggedIn(await t.world());
  try {
    m.session.expiresAt = 0;
  } catch {
    // Strict code is told so; what counts is the value.
  }
  ok(m.session.expiresAt > Date.now(), "expiresAt to stay");
});

const roleClaims = [
  { roles: ["admin", "staff"] }, { role: "admin" }, { role: ["admin"] }, { realm_access: { roles: ["admin"] } },
  { groups: ["admin"] }, { authorities: ["admin"] }, { roles: ["staff"], groups: ["admin"] },
];
test("hasRole looks in roles, role, realm_access.roles, groups and authorities", async (t) => {
  for (const claims of roleClaims) {
    const { session } = await t.loggedIn(await t.world({ claims }));
    ok(session.hasRole("admin"), `admin in ${JSON.stringify(claims)}`);
    ok(!session.hasRole("adm") && !session.hasRole("root"), "only whole names");
    ok(!session.hasRole(undefined), "no role that is none");
  }
  const { session } = await t.loggedIn(await t.world({ opaque: true }));
  equal(session.hasRole("admin"), false, "hasRole of an opaque token");
});

test("hasScope knows the scopes of the answer, else those of the token", async (t) => {
  const told = { access_token: "$access", expires_in: "$lifetime", scope: "read" };
  const fromAnswer = await t.loggedIn(await t.world({ login: told, claims: { scope: "write" } }));
  ok(fromAnswer.session.hasScope("read") && !fromAnswer.session.hasScope("write"), "the answer's scopes");
  for (const claims of [{ scope: "read write" }, { scope: ["read", "write"] }, { scp: "read write" }, { scopes: ["read", "write"] }]) {
    const { session } = await t.loggedIn(await t.world({ claims }));
    ok(session.hasScope("read") && session.hasScope("write") && !session.hasScope("rea"), JSON.stringify(claims));
  }
  equal([...(await t.loggedIn(await t.world())).session.scopes], []);
});

test("claims are null when the token is opaque, expiresAt when nobody tells a lifetime", async (t) => {
  const { session } = await t.loggedIn(await t.world({ opaque: true, login: { access_token: "$access" } }));
  equal(session.claims, null);
  equal(session.expiresAt, null);
  equal(session.refreshExpiresAt, null);
});

test("refreshExpiresAt comes from the answer, else from a refresh token that is a JWT", async (t) => {
  for (const name of ["refresh_expires_in", "refreshExpiresIn"]) {
    const answer = { access_token: "$access", refresh_token: "$refresh", [name]: 1000 };
    near((await t.loggedIn(await t.world({ login: answer }))).session.refreshExpiresAt, Date.now() + 1_000_000);
  }
  near((await t.loggedIn(await t.world({ refreshJwt: 2000 }))).session.refreshExpiresAt, Date.now() + 2_000_000);
});

const days = 86_400_000;
for (const [clock, words] of [[3 * days, "three days fast"], [-3 * days, "three days slow"]]) {
  test(`expiresAt is by this device's clock when the server's is ${words}, and a warning says so`, async (t) => {
    const m = await t.loggedIn(await t.world({ clock, login: { access_token: "$access", refresh_token: "$refresh" } }));
    near(m.session.expiresAt, Date.now() + 300_000);
    const warning = m.events.find((event) => event.code === "clock_skew");
    ok(warning, "a clock_skew warning");
    near(Math.abs(warning.skewMs), 3 * days, 5000);
    equal(m.events.filter((event) => event.type === "logout"), []);
  });
}

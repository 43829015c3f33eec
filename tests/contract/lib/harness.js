// Runs in the page and in Node alike: where the cases are gathered, and what they are given.

export const cases = [];

/** A case by its sentence. `where` is "page" or "node" when it makes sense in one of them only. */
export function test(sentence, where, run) {
  cases.push(typeof where === "function" ? { sentence, run: where } : { sentence, where, run });
}

/** Runs a case. `tk` is the package, `servers` has the addresses of the page's own and of another origin. */
export async function run(sentence, tk, servers) {
  const { run } = cases.find((each) => each.sentence === sentence);
  const t = new Case(tk, servers);
  try {
    await run(t);
  } finally {
    t.end();
  }
  await t.checkThatNoTokenWasTold();
}

class Case {
  told = [];
  #managers = [];
  #worlds = [];
  #atEnd = [];

  constructor(tk, servers) {
    Object.assign(this, { tk, servers });
  }

  /** A server that answers as described; see servers.mjs. */
  async world(description = {}, origin = this.servers.other) {
    const world = new World(origin, await ask(`${origin}/worlds`, description));
    this.#worlds.push(world);
    return world;
  }

  /** A manager for that server. `options` as the package takes them; `server` only what differs. */
  async manager(world, { server, ...options } = {}) {
    const name = `case-${crypto.randomUUID()}`;
    const manager = await this.tk.createTokenManager({
      server: { kind: "json", login: world.url("login"), refresh: world.url("refresh"), logout: world.url("logout"), ...server },
      resources: [world.origin], storage: "memory", name, ...options,
    });
    return this.watch(manager, options.name ?? name);
  }

  /** The same, with somebody logged in. */
  async loggedIn(world, options) {
    const manager = await this.manager(world, options);
    await manager.login({ username: "ada", password: "right" });
    return manager;
  }

  /** An OAuth manager for that server. */
  oauth(world, { server, ...options } = {}) {
    return this.manager(world, {
      ...options,
      server: { kind: "oauth", token: world.url("token"), login: undefined, refresh: undefined, logout: undefined, ...server },
    });
  }

  /** Writes down all that a manager tells. */
  watch(manager, name = "tokenkeeper") {
    manager.events = [];
    for (const type of ["login", "refresh", "logout", "warning"]) {
      manager.on(type, (event) => {
        manager.events.push({ type, ...event });
        this.told.push(JSON.stringify(event));
      });
    }
    const channel = new BroadcastChannel(`tokenkeeper:${name}`);
    channel.onmessage = ({ data }) => this.told.push(JSON.stringify(data));
    this.#atEnd.push(() => channel.close());
    this.#managers.push(manager);
    return manager;
  }

  /** The rejection, which has to be a TokenError with these members. */
  async fails(promise, expected) {
    const error = await rejection(promise);
    ok(this.tk.isTokenError(error), `a TokenError, not ${error?.stack ?? error}`);
    this.told.push(JSON.stringify({ ...error, message: error.message, stack: error.stack }));
    ok(error.message.length > 10, "a message that says something");
    for (const [name, value] of Object.entries(expected)) equal(error[name], value, `error.${name}`);
    return error;
  }

  /** Puts a fetch in place of the platform's, until the case ends. */
  replaceFetch(replacement) {
    const platform = globalThis.fetch;
    globalThis.fetch = replacement(platform.bind(globalThis));
    this.#atEnd.push(() => (globalThis.fetch = platform));
  }

  end() {
    for (const manager of this.#managers) {
      this.told.push(JSON.stringify(manager.explain()));
      manager.close();
    }
    for (const undo of this.#atEnd.reverse()) undo();
  }

  async checkThatNoTokenWasTold() {
    for (const world of this.#worlds) {
      for (const token of (await world.heard()).tokens) {
        const leak = this.told.find((text) => text.includes(token));
        ok(!leak, `no token in an event, an error, a message between tabs or explain(): ${leak}`);
      }
    }
  }
}

class World {
  constructor(origin, { id }) {
    Object.assign(this, { origin, id });
  }

  url(path) {
    return `${this.origin}/w/${this.id}/${path}`;
  }

  control(wishes) {
    return ask(this.url("control"), wishes);
  }

  /** Answers of an endpoint, in turn, before it is itself again. */
  faults(endpoint, ...list) {
    return this.control({ faults: { [endpoint]: list } });
  }

  expire() {
    return this.control({ expire: true });
  }

  async heard() {
    return (await plainFetch(this.url("log"))).json();
  }

  /** The requests that an endpoint got. */
  async requests(endpoint) {
    return (await this.heard()).log.filter((request) => request.endpoint === endpoint);
  }
}

const plainFetch = globalThis.fetch.bind(globalThis);

async function ask(url, body) {
  return (await plainFetch(url, { method: "POST", body: JSON.stringify(body) })).json();
}

export function ok(value, what) {
  if (!value) throw new Error(`expected ${what}`);
}

/** Same value, or of the same parts. */
export function equal(actual, expected, what = "it") {
  const same = Object.is(actual, expected) || (isParts(expected) && JSON.stringify(actual) === JSON.stringify(expected));
  ok(same, `${what} to be ${show(expected)}, got ${show(actual)}`);
}

const isParts = (value) => value !== null && typeof value === "object" && [Object.prototype, Array.prototype].includes(Object.getPrototypeOf(value));
const show = (value) => (value instanceof Error ? String(value) : (JSON.stringify(value) ?? String(value)));

/** What a promise, or a function that throws, fails with. */
export async function rejection(promise) {
  let value;
  try {
    value = await (typeof promise === "function" ? promise() : promise);
  } catch (error) {
    return error;
  }
  throw new Error(`expected a failure, got ${show(value)}`);
}

/** Waits until a condition holds. */
export async function until(condition, what, deadline = 10_000) {
  const end = Date.now() + deadline;
  for (;;) {
    const value = await condition();
    if (value) return value;
    ok(Date.now() < end, `${what} within ${deadline} ms`);
    await sleep(10);
  }
}

/** Lets time pass, for what has to be true after it. */
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export const near = (actual, expected, slack = 3000) =>
  ok(Math.abs(actual - expected) <= slack, `${actual} within ${slack} of ${expected}`);

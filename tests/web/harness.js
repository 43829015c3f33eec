// What the cases are given: doubles of the platform that are put back in the end, a clock that
// moves when it is told to, and an authorization and resource server that is a function.

import { isTokenError } from "../../pkg/error.js";
import { createManager } from "../../pkg/face.js";
import { load } from "../../pkg/module.js";
import { Keeper } from "../../pkg/wasm/tokenkeeper.js";

const platform = { fetch: globalThis.fetch, setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout, Date, now: Date.now, performance: performance.now };

// What one case left waiting may ring in the middle of a later one. A timer that it sets then is the platform's, as the
// first was: the later case's clock does not count it.
let ringing = false;
globalThis.setTimeout = (call, ...rest) => {
  const ring = (...values) => {
    ringing = true;
    try {
      call(...values);
    } finally {
      ringing = false;
    }
  };
  return platform.setTimeout.call(globalThis, ring, ...rest);
};

// What one case left under way in the ledger goes on into the next, which counts what is asked there: it is waited for.
let connections = 0;
if (globalThis.IDBFactory) {
  const { open } = IDBFactory.prototype;
  const { close } = IDBDatabase.prototype;
  IDBFactory.prototype.open = function (...all) {
    const request = open.apply(this, all);
    connections++;
    request.addEventListener("error", () => connections--);
    return request;
  };
  IDBDatabase.prototype.close = function () {
    connections--;
    return close.call(this);
  };
}

// A manager is closed when its case ends, and brings to its end what is under way. Not so far as into the next case, which
// would take for its own what is asked and set there: it hears of nothing anymore.
const living = new Set();
const dead = new WeakSet();
let watched = false;

// Not before a test runs: the module imports this file, and has no Keeper until it was evaluated.
function watch() {
  if (watched) return;
  watched = true;
  const { open } = Keeper.prototype;
  Keeper.prototype.open = function (...all) {
    living.add(this);
    return open.apply(this, all);
  };
  for (const name of ["heard", "locked", "looked", "noted", "seen", "storeFailed", "tick", "told", "unheard", "woken"]) {
    const hears = Keeper.prototype[name];
    Keeper.prototype[name] = function (...all) {
      if (!dead.has(this)) hears.apply(this, all);
    };
  }
}

export const AUTH = "https://auth.test";
export const API = "https://api.test";

export async function run(cases, name) {
  const t = new Case();
  const uncaught = (event) => t.uncaught.push(event.reason ?? event.error ?? event.message);
  addEventListener("unhandledrejection", uncaught);
  addEventListener("error", uncaught);
  try {
    watch();
    await load(); // it is there, being the test itself; pkg/module.js does not know
    const late = new Promise((_, reject) => platform.setTimeout.call(globalThis, reject, 20_000, new Error("expected an end within 20 s")));
    await Promise.race([cases[name](t), late]);
  } finally {
    t.end();
    await until(async () => (await turn(), connections === 0), "that every connection to IndexedDB is closed");
    for (const keeper of living) dead.add(keeper);
    living.clear();
    removeEventListener("unhandledrejection", uncaught);
    removeEventListener("error", uncaught);
  }
  equal(t.uncaught.map(String), [], "errors that nobody caught");
}

class Case {
  uncaught = [];
  #undo = [];
  #managers = [];
  #clock;

  /** Puts something in place of a member, until the case ends. */
  replace(target, name, value) {
    this.#define(target, name, { value, writable: true });
  }

  /** The same for a member that is read through a getter. */
  replaceGetter(target, name, get) {
    this.#define(target, name, { get });
  }

  #define(target, name, to) {
    const was = Object.getOwnPropertyDescriptor(target, name);
    // What is new is not to be seen by who copies objects: drivers do, while tests change all objects' prototype.
    Object.defineProperty(target, name, { ...to, configurable: true, enumerable: !!was?.enumerable });
    this.atEnd(() => (was ? Object.defineProperty(target, name, was) : delete target[name]));
  }

  atEnd(undo) {
    this.#undo.push(undo);
  }

  clock() {
    return (this.#clock = new Clock(this));
  }

  server() {
    return new Server(this);
  }

  /** A manager in memory, unless the options say more; what it tells is in `events`. */
  async manager(options) {
    const manager = await this.opened(options);
    await (this.#clock ? this.#clock.advance(0) : turn(1)); // warnings of the opening come after it
    return manager;
  }

  /** The same in the task of its opening. */
  async opened({ server, ...options } = {}) {
    const json = { kind: "json", login: `${AUTH}/login`, refresh: `${AUTH}/refresh`, logout: `${AUTH}/logout` };
    const name = `case-${Math.random()}`;
    const manager = await createManager({ server: { ...json, ...server }, resources: [API], storage: "memory", name, ...options });
    this.#managers.push(manager);
    manager.name = options.name ?? name;
    manager.events = [];
    for (const type of ["login", "refresh", "logout", "warning"]) manager.on(type, (event) => manager.events.push({ type, ...event }));
    manager.warnings = (code) => manager.events.filter((event) => event.code === code);
    return manager;
  }

  async loggedIn(options) {
    const manager = await this.manager(options);
    await manager.login({ username: "ada", password: "right" });
    return manager;
  }

  oauth(options) {
    const server = { kind: "oauth", login: undefined, refresh: undefined, logout: undefined, token: `${AUTH}/token`, revocation: `${AUTH}/revoke`, clientId: "shop" };
    return this.manager({ ...options, server: { ...server, ...options?.server } });
  }

  end() {
    for (const manager of this.#managers) manager.close();
    for (const undo of this.#undo.reverse()) undo();
  }
}

/** Moves when it is told to, and takes a delay of more than 2^31-1 ms for none, as platforms do. */
class Clock {
  timers = new Map();
  delays = [];
  wall = platform.now.call(Date);
  mono = 1_000_000;
  #ids = 1e9; // no platform comes that far

  constructor(t) {
    t.replace(Date, "now", () => this.wall);
    t.replace(performance, "now", () => this.mono);
    const { setTimeout } = globalThis;
    t.replace(globalThis, "setTimeout", (call, delay = 0, ...rest) => {
      if (ringing) return setTimeout(call, delay, ...rest);
      this.delays.push(delay);
      this.timers.set(++this.#ids, { call: () => call(...rest), at: this.mono + (delay > 2 ** 31 - 1 ? 0 : delay) });
      return this.#ids;
    });
    t.replace(globalThis, "clearTimeout", (id) => this.timers.delete(id) || platform.clearTimeout.call(globalThis, id));
  }

  async advance(millis) {
    const end = this.mono + millis;
    for (let fired = 0; ; fired++) {
      await turn();
      const [id, timer] = [...this.timers].sort(([, a], [, b]) => a.at - b.at)[0] ?? [];
      if (!timer || timer.at > end) break;
      ok(fired < 1000, "timers that do not fire without end");
      this.timers.delete(id);
      this.#to(timer.at);
      timer.call();
    }
    this.#to(end);
    await turn();
  }

  /** Time goes by, and nothing happens. */
  sleep(millis) {
    this.#to(this.mono + millis);
  }

  #to(mono) {
    this.wall += Math.max(0, mono - this.mono);
    this.mono = Math.max(this.mono, mono);
  }
}

/** Stands in for fetch. Each path is answered by a function in `on`, given the call. */
class Server {
  calls = [];
  on = {
    "/login": () => this.grants(),
    "/refresh": () => this.grants(),
    "/token": () => this.grants(),
    "/logout": () => new Response(null, { status: 204 }),
    "/revoke": () => new Response(),
    "/api": ({ headers }) => (headers.get("authorization") === `Bearer ${this.access}` ? new Response("fine") : new Response("no", { status: 401 })),
  };
  granted = 0;
  lifetime = 3600;

  constructor(t) {
    t.replace(globalThis, "fetch", async (input, init) => {
      const given = input instanceof Request ? input : undefined;
      const path = new URL(given?.url ?? input, globalThis.location.href).pathname;
      const headers = new Headers(init?.headers ?? given?.headers);
      const call = { input, init, path, headers, method: init?.method ?? given?.method ?? "GET", credentials: init?.credentials ?? given?.credentials, keepalive: init?.keepalive, signal: init?.signal ?? given?.signal };
      this.calls.push(call);
      if (given) call.body = await given.text(); // uses it up, as the platform does
      else if (init?.body !== undefined && !(init.body instanceof ReadableStream)) call.body = await new Response(init.body).text();
      if (call.signal?.aborted) throw call.signal.reason;
      return this.on[path](call, this.to(path).length);
    });
  }

  /** The calls to a path. */
  to(path) {
    return this.calls.filter((call) => call.path === path);
  }

  get access() {
    return `access-${this.granted}`;
  }

  grants(more) {
    this.granted++;
    return json({ access_token: this.access, refresh_token: `refresh-${this.granted}`, expires_in: this.lifetime, ...more });
  }
}

export function json(body, { status = 200, headers } = {}) {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });
}

/** A token whose claims can be read and whose signature nobody checks. */
export function jwt(claims) {
  const part = (value) => btoa(typeof value === "string" ? value : JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return [part({ alg: "HS256" }), part(claims), part("signature")].join(".");
}

/** A store of the caller's own, and what it was asked. */
export function ownStore(text = null, later = (value) => value) {
  const store = {
    text,
    asked: [],
    get: () => (store.asked.push("get"), later(store.text)),
    set: (_, text) => (store.asked.push("set"), later(void (store.text = text))),
    remove: () => (store.asked.push("remove"), later(void (store.text = null))),
  };
  return store;
}

/** A record as the store holds it. */
export function record({ family = 5, generation = 1, access = "stored", refresh = "stored-refresh", received = Date.now(), lives = 3_600_000, version = 1 } = {}) {
  return JSON.stringify([version, family, generation, access, refresh, refresh && "refresh_token", received, lives, null, null]);
}

export function ok(value, what) {
  if (!value) throw new Error(`expected ${what}`);
}

export function equal(actual, expected, what = "it") {
  const [is, should] = [actual, expected].map((value) => (typeof value === "object" && value !== null ? JSON.stringify(value) : value));
  if (!Object.is(is, should)) throw new Error(`expected ${what} to be ${String(should)}, got ${String(is)}`);
}

export const near = (actual, expected, slack, what = "it") => ok(Math.abs(actual - expected) <= slack, `${what} to be about ${expected}, got ${actual}`);

/** What a promise, or a function that throws, fails with. */
export async function rejection(promise) {
  try {
    await (typeof promise === "function" ? promise() : promise);
  } catch (error) {
    return error;
  }
  throw new Error("expected a failure");
}

/** The TokenError that a promise fails with, of this code. */
export async function fails(promise, code) {
  const error = await rejection(promise);
  ok(isTokenError(error), `a TokenError, got ${error}`);
  equal(error.code, code, "the code");
  return error;
}

/** Lets everything happen that waits for nothing but its turn. */
export async function turn(times = 3) {
  for (let i = 0; i < times; i++) await new Promise((resolve) => platform.setTimeout.call(globalThis, resolve));
}

/** Waits, in real time, until a condition holds. */
export async function until(condition, what) {
  const end = platform.now.call(Date) + 8000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    ok(platform.now.call(Date) < end, `${what}, within 8 s`);
    await turn(1);
  }
}

export function later() {
  const deferred = {};
  deferred.promise = new Promise((resolve, reject) => Object.assign(deferred, { resolve, reject }));
  return deferred;
}

export const never = () => new Promise(() => {});

export const isWindow = typeof document === "object";

// All that is posted under a name.
export function overhear(t, name) {
  const channel = new BroadcastChannel(`tokenkeeper:${name}`);
  const heard = [];
  channel.onmessage = ({ data }) => heard.push(data);
  t.atEnd(() => channel.close());
  return { heard, say: (message) => channel.postMessage(message) };
}

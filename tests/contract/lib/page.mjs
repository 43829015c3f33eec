// As much of a page as the blocks in docs/ need, in Node: an address, a way to leave it, storage, cookies, and a `fetch` that reaches
// servers which are functions.

const HOME = "https://app.example.com/";
const AsyncFunction = (async () => {}).constructor;

export class Page {
  #createTokenManager;
  #routes;
  #managers = [];
  #cookies = new Map();
  #readable = new Map(); // those of them that script sees
  #location = Object.assign(new URL(HOME), { assign: (address) => (this.#moved = this.#visit(address)) });
  #moved;
  #password;
  #awake = setInterval(() => {}, 60_000); // Node ends when only a manager's timers are left; a page stays
  #before = { fetch: globalThis.fetch, location: globalThis.location };
  #document = Object.defineProperty({}, "cookie", { get: () => [...this.#readable].map((pair) => pair.join("=")).join("; ") });
  #lock = Promise.resolve();
  localStorage = storage();
  sessionStorage = storage();

  /** `routes`: by method and address, without the origin where it is the page's own. */
  constructor(createTokenManager, routes) {
    this.#createTokenManager = createTokenManager;
    this.#routes = routes;
    globalThis.location = this.#location;
    globalThis.fetch = (input, init) => this.#fetch(input instanceof Request ? input : new Request(new URL(input, HOME), init));
  }

  /**
   * Loads the page anew and runs blocks of code in it one after the other, for somebody with this password; brings the last one's
   * `auth`. `more` are further names that the code knows.
   */
  async run(blocks, password, more) {
    this.#leave();
    this.#password = password;
    const scope = {
      username: "ada", email: "ada@example.com", password,
      localStorage: this.localStorage, sessionStorage: this.sessionStorage,
      history: { replaceState: (_state, _title, address) => void (this.#location.href = new URL(address, HOME).href) },
      document: this.#document,
      navigator: { locks: { request: (_name, work) => (this.#lock = this.#lock.then(work)) } },
      createTokenManager: (options) => this.#manager(options),
      ...more,
    };
    let auth;
    for (const block of blocks) {
      const code = `${block}\nreturn typeof auth === "undefined" ? undefined : auth;`;
      auth = await new AsyncFunction(...Object.keys(scope), code)(...Object.values(scope));
      await this.#moved;
    }
    return auth;
  }

  close() {
    this.#leave();
    clearInterval(this.#awake);
    Object.assign(globalThis, this.#before);
  }

  // A store of its own stands for localStorage, which Node has not.
  async #manager(options) {
    const { getItem: get, setItem: set, removeItem: remove } = this.localStorage;
    const manager = await this.#createTokenManager({ storage: { get, set, remove }, ...options });
    this.#managers.push(manager);
    return manager;
  }

  #leave() {
    for (const manager of this.#managers.splice(0)) manager.close();
  }

  async #visit(address) {
    const response = await this.#answer(new Request(address));
    this.#location.href = response.headers.get("location");
  }

  async #fetch(request) {
    const { credentials } = request;
    const isOwn = new URL(request.url).origin === this.#location.origin;
    if (credentials !== "include" && !(credentials === "same-origin" && isOwn)) return this.#answer(request);
    const response = await this.#answer(request, Object.fromEntries(this.#cookies));
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([\w-]+)=([^;]*)/.exec(cookie);
      if (cookie.includes("Max-Age=0;")) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
      if (!cookie.includes("HttpOnly")) this.#readable.set(name, value);
    }
    return response;
  }

  async #answer(request, cookies = {}) {
    const { method, headers } = request;
    const { origin, pathname, searchParams: query } = new URL(request.url);
    const route = this.#routes[`${method} ${origin === this.#location.origin ? "" : origin}${pathname}`];
    if (!route) return new Response("<!doctype html>", { status: 404, headers: { "content-type": "text/html" } });
    const text = await request.text();
    const type = headers.get("content-type")?.split(";")[0];
    const [status, body, more] = route({
      headers, cookies, query,
      password: this.#password,
      bearer: headers.get("authorization")?.match(/^Bearer (.+)$/)?.[1],
      json: type === "application/json" ? JSON.parse(text) : undefined,
      form: type === "application/x-www-form-urlencoded" ? new URLSearchParams(text) : undefined,
    });
    const said = Object.entries({ ...(body && { "content-type": "application/json" }), ...more }); // a header's values may be several
    return new Response(body && JSON.stringify(body), { status, headers: said.flatMap(([name, values]) => [values].flat().map((value) => [name, value])) });
  }
}

function storage() {
  const kept = new Map();
  return {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => void kept.set(name, value),
    removeItem: (name) => void kept.delete(name),
    get length() {
      return kept.size;
    },
  };
}

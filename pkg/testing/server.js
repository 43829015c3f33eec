// A server for tests: a JSON login API with strict rotation, and an API behind it. It answers by itself as a good server
// would, or as the test scripts it.

const SECOND = 1000;

export class Server {
  requests = [];
  #clock;
  #settings;
  #scripted = { login: [], refresh: [], logout: [], api: [] };
  #access = new Map(); // when each expires
  #refresh;
  #claims;
  #grants = 0;
  #busy = 0;

  constructor(settings) {
    this.#settings = settings;
  }

  // The clock settles through this server, so it comes after it.
  set clock(clock) {
    this.#clock = clock;
  }

  get origin() {
    return this.#settings.origin;
  }

  count(endpoint) {
    return this.requests.filter((request) => request.endpoint === endpoint).length;
  }

  answerNext(endpoint, ...answers) {
    const scripted = this.#scripted[endpoint];
    if (!scripted) throw new TypeError(`answerNext(endpoint) must be one of ${Object.keys(this.#scripted).join(", ")}.`);
    scripted.push(...answers);
  }

  expireTokens() {
    this.#access.clear();
  }

  revoke() {
    this.#access.clear();
    this.#refresh = undefined;
  }

  // In place of the platform's fetch.
  fetch = async (input, init) => {
    const request = new Request(input instanceof Request ? input : new URL(input, `${this.origin}/`), init);
    request.signal.throwIfAborted();
    const aborted = new Promise((_, reject) => request.signal.addEventListener("abort", () => reject(request.signal.reason)));
    return Promise.race([this.#answer(request), aborted]);
  };

  async #answer(request) {
    const { origin, pathname } = new URL(request.url);
    const [, name] = (origin === this.origin && pathname.match(/^\/auth\/(login|refresh|logout)$/)) || [];
    const endpoint = name ?? "api";
    this.requests.push({ endpoint, request: request.clone() });
    if (this.#scripted[endpoint].length > 0) {
      const answer = await this.#scripted[endpoint].shift();
      if (answer instanceof Error) throw answer;
      return this.#read(typeof answer === "number" ? new Response(null, { status: answer }) : answer.clone(), name);
    }
    return name ? this.#read(await this[name](request), name) : this.#api(request);
  }

  // The answer's whole body is there at once, so that nothing but the test's clock decides when it is heard.
  async #read(response, name) {
    if (!name) return response;
    const text = await this.#working(response.text());
    return Object.defineProperty(response, "text", { value: async () => text });
  }

  async login(request) {
    const credentials = await this.#working(request.json());
    const { claims } = this.#settings;
    this.#claims = typeof claims === "function" ? claims(credentials) : claims;
    return this.#grant();
  }

  // Every refresh token is good once.
  async refresh(request) {
    const { refresh_token: token } = await this.#working(request.json());
    if (token === undefined || token !== this.#refresh) return Response.json({ error: "invalid_grant" }, { status: 401 });
    return this.#grant();
  }

  async logout() {
    this.revoke();
    return new Response(null, { status: 204 });
  }

  #grant() {
    const { lifetime } = this.#settings;
    const id = ++this.#grants;
    const iat = Math.floor(this.#clock.now() / SECOND);
    const access = jwt({ iat, exp: iat + lifetime, jti: `${id}`, ...this.#claims });
    this.#access.set(access, this.#clock.now() + lifetime * SECOND);
    this.#refresh = `refresh-${id}`;
    return Response.json({ access_token: access, refresh_token: this.#refresh, expires_in: lifetime });
  }

  #api(request) {
    const [, token] = request.headers.get("authorization")?.match(/^Bearer (.*)$/) ?? [];
    if (token && !(this.#access.get(token) > this.#clock.now())) {
      return new Response(null, { status: 401, headers: { "www-authenticate": 'Bearer error="invalid_token"' } });
    }
    return this.#settings.api(request);
  }

  async #working(work) {
    this.#busy++;
    try {
      return await work;
    } finally {
      this.#busy--;
    }
  }

  // All that is under way has come to its end, or waits for the clock or the test.
  settled = async () => {
    do await turn();
    while (this.#busy > 0);
    await turn();
  };
}

// One turn of the event loop. No timer of now: those may be the test runner's own, and jsdom under Jest has nothing else.
const { setTimeout } = globalThis;

function turn() {
  return new Promise((resolve) => {
    if (typeof MessageChannel !== "function") return setTimeout(resolve);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

function jwt(claims) {
  const part = (value) => btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(value))));
  const unsigned = [{ alg: "none", typ: "JWT" }, claims].map(part).join(".");
  return `${unsigned.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}.dGVzdA`;
}

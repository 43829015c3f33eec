// Servers that are not ours: a login API or OAuth server of any shape, and an API that wants its tokens.
// POST /worlds makes one, from a description of its answers; what it then heard stands in its log.

import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";

const base64url = (value) => Buffer.from(value).toString("base64url");
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

class World {
  log = [];
  faults = {};
  tokens = [];
  accesses = new Set();
  refreshes = new Set();

  constructor(description) {
    Object.assign(this, {
      login: { access_token: "$access", refresh_token: "$refresh", expires_in: "$lifetime" },
      lifetime: 300, rotate: true, via: "body", refreshName: "refresh_token", claims: {}, clock: 0,
      ...description,
    });
  }

  now() {
    return Math.floor((Date.now() + this.clock) / 1000);
  }

  jwt(lifetime, claims) {
    const payload = { iat: this.now(), exp: this.now() + lifetime, jti: randomBytes(6).toString("hex"), ...claims };
    return [{ alg: "HS256", typ: "JWT" }, payload].map((part) => base64url(JSON.stringify(part))).join(".") + "." + base64url(randomBytes(32));
  }

  // Makes new tokens and puts them where the description of the answer wants them.
  grant(template, kept) {
    const access = this.opaque ? randomBytes(24).toString("hex") : this.jwt(this.lifetime, this.claims);
    const refresh = kept ?? (this.refreshJwt ? this.jwt(this.refreshJwt, {}) : randomBytes(24).toString("hex"));
    this.accesses.add(access);
    this.refreshes.add(refresh);
    this.tokens.push(access, refresh);
    const values = {
      $access: access, $refresh: refresh, $lifetime: this.lifetime, $lifetimeText: String(this.lifetime), $scope: this.scope,
    };
    const fill = (part) => {
      if (typeof part === "string") return part in values ? values[part] : part;
      if (part === null || typeof part !== "object") return part;
      return Object.fromEntries(Object.entries(part).map(([name, inner]) => [name, fill(inner)]));
    };
    const headers = this.via === "cookie" ? { "set-cookie": `refresh-${this.id}=${refresh}; HttpOnly; SameSite=Lax; Path=/` } : {};
    return { status: 200, body: fill(template), headers };
  }

  renew(request) {
    const old = {
      body: () => JSON.parse(request.body || "{}")[this.refreshName],
      bearer: () => request.bearer,
      cookie: () => request.headers.cookie?.match(new RegExp(`refresh-${this.id}=(\\w+)`))?.[1],
      form: () => request.form.get("refresh_token"),
    }[this.via]();
    if (!this.refreshes.has(old)) return undefined;
    if (this.rotate) this.refreshes.delete(old);
    return this.grant(this.renewed ?? this.login, this.rotate ? undefined : old);
  }

  // What each endpoint does when nothing else was asked for.
  answer(endpoint, request) {
    switch (endpoint) {
      case "login":
        if (JSON.parse(request.body).password === "right") return this.grant(this.login);
        return { status: 401, body: this.refusal ?? { detail: "No active account found with the given credentials" } };
      case "refresh":
        return this.renew(request) ?? { status: 401, body: { detail: "Token is invalid or expired" } };
      case "token":
        return this.token(request);
      case "logout":
      case "revoke":
        return { status: 204 };
      case "api":
        if (this.accesses.has(request.bearer)) return { status: 200, body: echo(request) };
        return { status: 401, body: { error: "invalid_token" }, headers: { "www-authenticate": 'Bearer error="invalid_token"' } };
      default:
        return { status: 200, body: echo(request) };
    }
  }

  // RFC 6749: forms in, `error` out.
  token(request) {
    const { form } = request;
    const refuse = (error, status = 400) => ({ status, body: { error } });
    if (request.headers["content-type"]?.split(";")[0] !== "application/x-www-form-urlencoded") return refuse("invalid_request");
    if (this.clientId && form.get("client_id") !== this.clientId) return refuse("invalid_client", 401);
    switch (form.get("grant_type")) {
      case "password":
        return form.get("password") === "right" ? this.grant(this.login) : refuse("invalid_grant");
      case "authorization_code":
        return form.get("code") === "good" ? this.grant(this.login) : refuse("invalid_grant");
      case "refresh_token":
        return this.renew(request) ?? refuse("invalid_grant");
      default:
        return refuse("unsupported_grant_type");
    }
  }

  control({ expire, revoke, faults, set }) {
    if (expire || revoke) this.accesses.clear();
    if (revoke) this.refreshes.clear();
    for (const [endpoint, list] of Object.entries(faults ?? {})) (this.faults[endpoint] ??= []).push(...list);
    Object.assign(this, set);
  }
}

function echo({ method, path, headers, raw, body }) {
  return { method, path, headers, body, length: raw.length, sha256: createHash("sha256").update(raw).digest("hex") };
}

async function read(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const raw = Buffer.concat(chunks);
  const { method, url, headers } = request;
  const bearer = headers.authorization?.match(/^Bearer (.+)$/)?.[1];
  const body = raw.toString();
  return { method, path: url, headers, raw, body, bearer, form: new URLSearchParams(body) };
}

// Any origin may call, with cookies: what CORS would hide is not what these tests are about.
function cors({ headers }) {
  return {
    "access-control-allow-origin": headers.origin ?? "*",
    "access-control-allow-credentials": "true",
    "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
    "access-control-allow-headers": headers["access-control-request-headers"] ?? "*",
    "access-control-expose-headers": "www-authenticate, retry-after, date",
    "cache-control": "no-store",
    // Browsers silently repeat what a connection used before leaves unanswered: a fault would pass unnoticed.
    connection: "close",
  };
}

// `files(path)` answers what is no world's: the page that the tests run in.
export async function startServers(files = () => undefined) {
  const worlds = new Map();
  const listeners = [];

  async function handle(request, response) {
    const send = ({ status, body, text, headers = {} }) => {
      const content = text ?? (body === undefined ? "" : JSON.stringify(body));
      const type = text === undefined ? "application/json" : "text/plain";
      const world = worldOf(request.url);
      const date = new Date(Date.now() + (world?.clock ?? 0)).toUTCString();
      response.writeHead(status, { "content-type": type, date, ...cors(request), ...headers }).end(content);
    };
    if (request.method === "OPTIONS") return send({ status: 204 });
    const [, root, id, endpoint] = request.url.split(/[/?]/);
    if (root === "worlds") {
      const world = new World(JSON.parse((await read(request)).body));
      world.id = String(worlds.size + 1);
      worlds.set(world.id, world);
      return send({ status: 200, body: { id: world.id } });
    }
    const world = worlds.get(id);
    if (root !== "w" || !world) {
      const file = files(request.url);
      return file ? response.writeHead(200, file.headers).end(file.content) : send({ status: 404 });
    }
    const heard = await read(request);
    if (endpoint === "control") return send({ status: 200, body: world.control(JSON.parse(heard.body)) ?? {} });
    if (endpoint === "log") return send({ status: 200, body: { log: world.log, tokens: world.tokens } });

    const { method, path, headers, body, bearer } = heard;
    world.log.push({ endpoint, method, path, headers, body, bearer });
    const fault = world.faults[endpoint]?.shift();
    if (fault?.hang) return;
    if (fault?.drop) return request.socket.destroy();
    const answer = fault?.status ? fault : world.answer(endpoint, heard);
    if (fault?.delay) await sleep(fault.delay);
    send(world.text && answer.status === 200 && endpoint !== "api" ? { ...answer, text: answer.body } : answer);
  }

  const worldOf = (url) => worlds.get(url.split(/[/?]/)[2]);

  async function listen() {
    const server = createServer((request, response) => {
      handle(request, response).catch((error) => response.writeHead(500).end(String(error?.stack)));
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    listeners.push(server);
    return `http://127.0.0.1:${server.address().port}`;
  }

  return {
    page: await listen(),
    other: await listen(),
    tokens: () => [...worlds.values()].flatMap(({ tokens }) => tokens),
    stop() {
      for (const server of listeners) server.close().closeAllConnections();
    },
  };
}

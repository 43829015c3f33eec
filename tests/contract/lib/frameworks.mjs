// The servers of docs/guide.md and docs/migration.md, each answering as its framework does. A route takes what was heard and answers
// [status, body, headers].
// `renews`: there is a refresh token. `tells`: the answers say how long the access token lives. `logout`: there is a way to end a session.
// `leavesNoTrace`: nothing is stored. `challenge`: what the API says to a token that has expired.

import { createHash, randomBytes } from "node:crypto";

const LIFETIME = 300;
const random = () => randomBytes(24).toString("base64url");
const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** The tokens that a server gave and still takes. */
export class Tokens {
  #accesses = new Set();
  #refreshes = new Set();
  renewals = 0;
  ended = 0;

  jwt() {
    const iat = Math.floor(Date.now() / 1000);
    return this.#given(this.#accesses, `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: "ada", iat, exp: iat + LIFETIME, jti: random() })}.${random()}`);
  }

  opaque() {
    return this.#given(this.#accesses, random());
  }

  refresh() {
    return this.#given(this.#refreshes, random());
  }

  /** An access token that is its own refresh token. */
  both() {
    return this.#given(this.#refreshes, this.jwt());
  }

  #given(tokens, token) {
    tokens.add(token);
    return token;
  }

  opens(access) {
    return this.#accesses.has(access);
  }

  /** Takes a refresh token for a new access token; with rotation it is used up. */
  renew(refresh, rotates = true) {
    if (!this.#refreshes.has(refresh)) return false;
    if (rotates) this.#refreshes.delete(refresh);
    this.renewals++;
    return true;
  }

  end(token) {
    if (this.#refreshes.delete(token) || this.#accesses.delete(token)) this.ended++;
  }

  expire() {
    this.#accesses.clear();
  }

  revoke() {
    this.expire();
    this.#refreshes.clear();
  }
}

const isAda = (name, password) => ["ada", "ada@example.com"].includes(name) && password === "right";

export const frameworks = {
  "Django REST framework": {
    renews: true, tells: true, logout: true,
    routes(tokens) {
      const invalid = [401, { detail: "Token is invalid or expired", code: "token_not_valid" }];
      return {
        "POST /api/token/": ({ json }) =>
          isAda(json?.username, json?.password)
            ? [200, { refresh: tokens.refresh(), access: tokens.jwt() }]
            : [401, { detail: "No active account found with the given credentials" }],
        "POST /api/token/refresh/": ({ json }) => (tokens.renew(json?.refresh) ? [200, { access: tokens.jwt(), refresh: tokens.refresh() }] : invalid),
        "POST /api/token/blacklist/": ({ json }) => (tokens.end(json?.refresh), [200, {}]),
      };
    },
  },

  "Flask": {
    renews: true, tells: true, logout: true,
    routes: (tokens) => ({
      "POST /login": ({ json }) =>
        isAda(json?.username, json?.password)
          ? [200, { access_token: tokens.jwt(), refresh_token: tokens.refresh() }]
          : [401, { msg: "Bad username or password" }],
      "POST /refresh": ({ bearer }) =>
        tokens.renew(bearer, false) ? [200, { access_token: tokens.jwt() }] : [401, { msg: bearer ? "Token has been revoked" : "Missing Authorization Header" }],
      "POST /logout": ({ bearer }) => (tokens.end(bearer), [200, { msg: "JWT revoked" }]),
    }),
  },

  "FastAPI": {
    renews: false, tells: false, logout: false,
    challenge: "Bearer",
    routes: (tokens) => ({
      "POST /token": ({ form }) => {
        if (form?.get("grant_type") !== "password") return [422, { detail: [{ type: "string_pattern_mismatch", loc: ["body", "grant_type"] }] }];
        return isAda(form.get("username"), form.get("password"))
          ? [200, { access_token: tokens.jwt(), token_type: "bearer" }]
          : [401, { detail: "Incorrect username or password" }, { "www-authenticate": "Bearer" }];
      },
    }),
  },

  "Spring Boot": {
    renews: true, tells: true, logout: true,
    routes: (tokens) => ({
      "POST /api/auth/signin": ({ json }) =>
        isAda(json?.username, json?.password)
          ? [200, { accessToken: tokens.jwt(), refreshToken: tokens.refresh(), tokenType: "Bearer", id: 1, username: "ada", roles: ["ROLE_USER"] }]
          : [401, { status: 401, error: "Unauthorized", message: "Bad credentials", path: "/api/auth/signin" }],
      "POST /api/auth/refreshtoken": ({ json }) =>
        tokens.renew(json?.refreshToken, false)
          ? [200, { accessToken: tokens.jwt(), refreshToken: json.refreshToken, tokenType: "Bearer" }]
          : [403, { statusCode: 403, message: "Refresh token is not in database!" }],
      "POST /api/auth/signout": ({ bearer }) => (tokens.end(bearer), [200, { message: "Log out successful!" }]),
    }),
  },

  "ASP.NET Core": {
    renews: true, tells: true, logout: false,
    routes(tokens) {
      const granted = () => [200, { tokenType: "Bearer", accessToken: tokens.opaque(), expiresIn: LIFETIME, refreshToken: tokens.refresh() }];
      return {
        "POST /login": ({ json }) =>
          isAda(json?.email, json?.password) ? granted() : [401, { title: "Unauthorized", status: 401, detail: "Failed" }],
        "POST /refresh": ({ json }) => (tokens.renew(json?.refreshToken) ? granted() : [401]),
      };
    },
  },

  "Laravel": {
    renews: true, tells: true, logout: true,
    routes(tokens) {
      const granted = () => [200, { access_token: tokens.both(), token_type: "bearer", expires_in: LIFETIME }];
      return {
        "POST /api/auth/login": ({ json }) => (isAda(json?.email, json?.password) ? granted() : [401, { error: "Unauthorized" }]),
        "POST /api/auth/refresh": ({ bearer }) => (tokens.renew(bearer) ? granted() : [401, { message: "The token has been blacklisted" }]),
        "POST /api/auth/logout": ({ bearer }) => (tokens.end(bearer), [200, { message: "Successfully logged out" }]),
      };
    },
  },

  "NestJS": {
    renews: true, tells: true, logout: true,
    routes(tokens) {
      const unauthorized = [401, { message: "Unauthorized", statusCode: 401 }];
      const granted = () => [201, { accessToken: tokens.jwt(), refreshToken: tokens.refresh() }];
      return {
        "POST /auth/login": ({ json }) => (isAda(json?.email, json?.password) ? granted() : unauthorized),
        "POST /auth/refresh": ({ bearer }) => (tokens.renew(bearer) ? granted() : unauthorized),
        "POST /auth/logout": ({ bearer }) => (tokens.end(bearer), [201]),
      };
    },
  },

  "Express": {
    renews: true, tells: true, logout: true, leavesNoTrace: true,
    routes(tokens) {
      const guarded = (route) => (heard) => (heard.headers.get("x-csrf") === "1" ? route(heard) : [403, { error: "csrf" }]);
      const cookie = (value, age) => ({ "set-cookie": `refresh=${value}; Max-Age=${age}; Path=/auth; HttpOnly; Secure; SameSite=Strict` });
      const granted = () => [200, { accessToken: tokens.jwt(), expiresIn: LIFETIME }, cookie(tokens.refresh(), 86400)];
      return {
        "POST /auth/login": guarded(({ json }) => (isAda(json?.username, json?.password) ? granted() : [401, { error: "Wrong name or password." }])),
        "POST /auth/refresh": guarded(({ cookies }) => (tokens.renew(cookies.refresh) ? granted() : [401])),
        "POST /auth/logout": guarded(({ cookies }) => (tokens.end(cookies.refresh), [204, undefined, cookie("", 0)])),
      };
    },
  },

  "A CSRF token that changes": {
    renews: true, tells: true, logout: true, leavesNoTrace: true,
    routes(tokens) {
      let good; // the token that the last answer gave
      const csrf = () => `XSRF-TOKEN=${encodeURIComponent((good = `${random()}==`))}; Path=/; Secure; SameSite=Lax`;
      const guarded = (route) => (heard) => {
        const isOurs = good && heard.headers.get("x-xsrf-token") === good && decodeURIComponent(heard.cookies["XSRF-TOKEN"]) === good;
        const [status, body, cookie] = isOurs ? route(heard) : [419, { message: "CSRF token mismatch." }];
        return [status, body, { "set-cookie": [csrf(), cookie ?? []].flat() }];
      };
      const cookie = (value, age) => `refresh=${value}; Max-Age=${age}; Path=/auth; HttpOnly; Secure; SameSite=Strict`;
      const granted = () => [200, { accessToken: tokens.jwt(), expiresIn: LIFETIME }, cookie(tokens.refresh(), 86400)];
      return {
        "GET /auth/csrf": () => [204, undefined, { "set-cookie": csrf() }],
        "POST /auth/login": guarded(({ json }) => (isAda(json?.username, json?.password) ? granted() : [401, { error: "Wrong name or password." }])),
        "POST /auth/refresh": guarded(({ cookies }) => (tokens.renew(cookies.refresh) ? granted() : [401])),
        "POST /auth/logout": guarded(({ cookies }) => (tokens.end(cookies.refresh), [204, undefined, cookie("", 0)])),
      };
    },
  },

  "An OAuth server": {
    renews: true, tells: true, logout: true,
    api: "https://api.example.com/orders",
    routes(tokens) {
      const challenges = new Map();
      const realm = "https://sso.example.com/realms/shop/protocol/openid-connect";
      const invalid = [400, { error: "invalid_grant", error_description: "Code not valid" }];
      const granted = () =>
        [200, { access_token: tokens.opaque(), expires_in: LIFETIME, refresh_expires_in: 1800, refresh_token: tokens.refresh(), token_type: "Bearer", scope: "openid" }];
      const isProved = (form) =>
        form.get("redirect_uri") === "https://app.example.com/callback" &&
        challenges.get(form.get("code")) === createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
      return {
        // The user logs in at the server, which sends the browser back.
        [`GET ${realm}/auth`]: ({ query, password }) => {
          const state = query.get("state");
          const back = (answer) => [302, undefined, { location: `${query.get("redirect_uri")}?${new URLSearchParams(answer)}` }];
          if (password === "denied") return back({ state, error: "access_denied", error_description: "The user said no" });
          const code = random();
          if (password === "right" && query.get("code_challenge_method") === "S256") challenges.set(code, query.get("code_challenge"));
          return back({ state, code });
        },
        [`POST ${realm}/token`]: ({ form }) => {
          if (form?.get("client_id") !== "shop") return [401, { error: "invalid_client" }];
          switch (form.get("grant_type")) {
            case "authorization_code":
              return isProved(form) ? granted() : invalid;
            case "refresh_token":
              return tokens.renew(form.get("refresh_token")) ? granted() : [400, { error: "invalid_grant", error_description: "Token is not active" }];
            default:
              return [400, { error: "unsupported_grant_type" }];
          }
        },
        [`POST ${realm}/revoke`]: ({ form }) => (form?.get("client_id") === "shop" && tokens.end(form.get("token")), [200]),
      };
    },
  },

  "Another server": {
    renews: true, tells: true, logout: false,
    api: "https://api.example.com/v2/orders",
    routes(tokens) {
      const keyed = (route) => (heard) => (heard.headers.get("x-api-key") === "public-7" ? route(heard) : [403, { fault: "api key" }]);
      const granted = () => [200, { payload: { jwt: tokens.opaque(), renewal: tokens.refresh(), ttl: LIFETIME } }];
      return {
        "POST https://api.example.com/v2/sessions": keyed(({ json }) => (isAda(json?.user, json?.pin) ? granted() : [422, { fault: "pin" }])),
        "POST https://api.example.com/v2/sessions/renew": keyed(({ json }) => (tokens.renew(json?.renewal) ? granted() : [401, { fault: "renewal" }])),
      };
    },
  },

  "From supabase auth-js": {
    renews: true, tells: true, logout: true,
    api: "https://xyz.supabase.co/rest/v1/orders",
    routes(tokens) {
      const granted = () => [200, { access_token: tokens.jwt(), token_type: "bearer", expires_in: LIFETIME, refresh_token: tokens.refresh(), user: { id: "1" } }];
      const refused = (error_code, msg) => [400, { code: 400, error_code, msg }];
      return {
        "POST https://xyz.supabase.co/auth/v1/token": ({ headers, query, json }) => {
          if (!headers.get("apikey")) return [401, { message: "No API key found in request" }];
          if (query.get("grant_type") === "password") {
            return isAda(json?.email, json?.password) ? granted() : refused("invalid_credentials", "Invalid login credentials");
          }
          return tokens.renew(json?.refresh_token) ? granted() : refused("refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found");
        },
        "POST https://xyz.supabase.co/auth/v1/logout": ({ headers, bearer }) => (headers.get("apikey") && tokens.end(bearer), [204]),
      };
    },
  },
};

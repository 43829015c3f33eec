// The authorization server: what is sent to it, and where its answers keep things. What an answer
// means, the core decides.

import { claimsOf } from "./decode.js";
import { refuse } from "./error.js";
import { isToken, json } from "./values.js";

// The fields of an answer, by their places in `server.fields` (options.js) and in USUAL_NAMES.
const ACCESS_TOKEN = 0;
const EXPIRES_IN = 1;
const REFRESH_EXPIRES_IN = 2;
const REFRESH_TOKEN = 3;

// What makes the request that asks for a session, when it is sent: for OAuth any grant, the password grant unless the
// credentials name another. They are taken as they are now.
export function loginRequest(server, credentials) {
  const body = loginBody(server, credentials);
  return () => request(server, server.login, body);
}

function loginBody(server, credentials) {
  const values = valuesOf(credentials);
  if (!server.oauth) return jsonOf(values);
  const { grant_type: grant = "password" } = values;
  if (grant === "password" && !server.passwordGrant) refuse("server.legacyPasswordGrant", NO_PASSWORD_GRANT);
  return form(server, grant, values, server.scope);
}

const NO_PASSWORD_GRANT = 'must be true for the password grant, which RFC 9700 forbids for new systems; name any other as grant_type';

function valuesOf(credentials) {
  try {
    if (typeof credentials === "object") return credentials[Symbol.iterator] ? Object.fromEntries(credentials) : credentials; // a FormData
  } catch {
    // null, or an iterable of something else
  }
  return refuse("credentials", "must be an object");
}

function jsonOf(credentials) {
  try {
    return JSON.stringify(credentials);
  } catch {
    refuse("credentials", "must be an object that JSON can hold");
  }
}

// Async as logoutRequest, so that the keeper, which has no place for it, sees nothing of what the caller's own `headers` throws.
export async function refreshRequest(server, { refresh, name }) {
  if (server.oauth) return request(server, server.refresh, form(server, "refresh_token", { refresh_token: refresh }));
  const bearer = server.via === "bearer" ? refresh : undefined;
  return request(server, server.refresh, server.via === "body" ? JSON.stringify({ [name]: refresh }) : undefined, bearer);
}

// The request that says that a session is over: a JSON server's logout, called with the access
// token; an OAuth server's revocation, where the refresh token stands for all that was granted with
// it (RFC 7009 section 2.1). Nothing where there is nowhere to say it.
export async function logoutRequest(server, { access }, { refresh, name }) {
  if (!server.logout || !(access || server.via === "cookie")) return undefined;
  if (!server.oauth) return request(server, server.logout, refresh && server.via === "body" ? JSON.stringify({ [name]: refresh }) : undefined, access);
  const body = new URLSearchParams({ token: refresh ?? access, token_type_hint: refresh ? "refresh_token" : "access_token" });
  if (server.clientId) body.set("client_id", server.clientId);
  return request(server, server.logout, body);
}

function form({ clientId }, grant, values, scope) {
  const body = new URLSearchParams();
  // As JSON takes them: addresses and dates are texts, and what is undefined is not there.
  for (const [name, value] of Object.entries({ grant_type: grant, client_id: clientId, scope, ...JSON.parse(jsonOf(values)) })) {
    // Several values of a name are sent one by one (RFC 8707 section 2); a form has no place for nested things.
    for (const each of [value ?? []].flat()) {
      if (typeof each === "object") refuse(`credentials.${name}`, "must be a text, or several");
      body.append(name, each);
    }
  }
  return body;
}

function request(server, url, body, bearer) {
  const headers = new Headers({ accept: "application/json" });
  if (typeof body === "string") headers.set("content-type", "application/json");
  server.headers().forEach((value, name) => headers.set(name, value));
  if (bearer) headers.set("authorization", `Bearer ${bearer}`);
  return new Request(url, { method: "POST", headers, body, credentials: server.via === "cookie" ? "include" : "same-origin" });
}

// An answer, as Keeper::heard takes it: whether it is a web page or refuses a grant, what came, and the times in it, in
// milliseconds: those of the tokens, what the server's clock said, and how long it wants to be left alone.
export function answerOf(server, response, text, login) {
  const body = json(text);
  const header = (name) => response.headers.get(name) ?? undefined;
  const tokens = response.ok ? tokensIn(server, body, text, login) : {};
  const date = Date.parse(header("date"));
  const after = header("retry-after");
  // RFC 9110 section 10.2.3: seconds, or a date, which is by the server's own clock.
  const wait = Number(after) >= 0 ? 1000 * after : Math.max(0, Date.parse(after) - (date || Date.now()));
  return {
    html: /html/i.test(header("content-type")), // XHTML, too
    invalidGrant: body?.error === "invalid_grant",
    content: tokens.content ?? { text },
    times: [...(tokens.times ?? Array(6).fill(NaN)), date, wait].map((time) => Math.min(time, Number.MAX_SAFE_INTEGER)),
  };
}

function tokensIn(server, body, text, login) {
  const find = finder(server, body);
  // RFC 6749 section 7.1: a token of a type one does not know must not be used.
  if (server.oauth && !/^"bearer"$/i.test(JSON.stringify(body?.token_type ?? "bearer"))) return {};
  const access = find(ACCESS_TOKEN, filled)?.value ?? (server.oauth ? undefined : bareToken(body, text));
  const refresh = server.via === "cookie" ? undefined : find(REFRESH_TOKEN, filled);
  if (!isToken(access) || (refresh && !isToken(refresh.value))) return {};
  // What is inside an OAuth server's tokens is between it and its resources (RFC 9068 section 6).
  const times = (token) => {
    const { iat, exp } = (!server.oauth && token && claimsOf(token)) || {};
    return [millis(iat), millis(exp)];
  };
  return {
    content: { access, refresh: refresh?.value, name: refresh?.name, scope: scopeIn(body) ?? (login ? server.scope : undefined) },
    times: [millis(find(EXPIRES_IN, seconds)?.value), millis(find(REFRESH_EXPIRES_IN, seconds)?.value) || NaN, ...times(access), ...times(refresh?.value)],
  };
}

const CONTAINERS = ["data", "result", "tokens"];
const USUAL_NAMES = [
  ["access_token", "accessToken", "access", "token", "jwt", "id_token"],
  ["expires_in", "expiresIn"],
  ["refresh_expires_in", "refreshExpiresIn"],
  ["refresh_token", "refreshToken", "refresh"],
];

// Finds a field where the caller said it is, else at the first of the usual places that holds one;
// an OAuth server's answer at the one place that RFC 6749 section 5.1 gives it.
function finder(server, body) {
  const places = server.oauth ? [body] : placesIn(body);
  const names = (field) => (server.oauth ? USUAL_NAMES[field].slice(0, 1) : USUAL_NAMES[field]);
  return (field, read) => {
    const path = server.fields?.[field];
    if (path) {
      const value = read(path.reduce((at, name) => (own(at, name) ? at[name] : undefined), body));
      return value === undefined ? undefined : { value, name: path.at(-1) };
    }
    for (const place of places) {
      for (const name of names(field)) {
        const value = own(place, name) ? read(place[name]) : undefined;
        if (value !== undefined) return { value, name };
      }
    }
    return undefined;
  };
}

function placesIn(body) {
  return [body, ...CONTAINERS.filter((name) => own(body, name)).map((name) => body[name])];
}

function own(object, name) {
  return typeof object === "object" && object !== null && Object.hasOwn(object, name);
}

function filled(value) {
  return typeof value === "string" && value !== "" ? value : undefined;
}

// Seconds, as a number or as the text of one.
function seconds(value) {
  const number = typeof value === "string" && value.trim() ? Number(value) : value;
  return Number.isFinite(number) && number >= 0 ? number : undefined;
}

function millis(value) {
  return 1000 * seconds(value);
}

function scopeIn(body) {
  return placesIn(body).map((place) => filled(place?.scope)).find(Boolean);
}

// An answer that is nothing but the token: as a JSON string, or as it is.
function bareToken(body, text) {
  if (body !== undefined) return filled(body);
  return claimsOf(text.trim()) ? text.trim() : undefined;
}

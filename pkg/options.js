// The caller's options: checked once, each refusal naming the option by its path.

import { refuse } from "./error.js";
import { placeOf } from "./store.js";
import { flawOf } from "./wasm/tokenkeeper.js";
import { flaws } from "./wasm/words.js";

const OWN_NAME = "tokenkeeper";

export const settingsOf = ((options) => {
  const at = object(options, "options");
  const storage = storageOf(at.storage);
  const server = serverOf(object(at.server, "server"));
  const name = filled(at.name, "name") ?? OWN_NAME;
  const cookie = server.via === "cookie";
  const key = name === OWN_NAME ? name : `${OWN_NAME}.${name}`; // recognisable, and no other library's
  const place = placeOf(storage);
  const paged = place.web || globalThis.location; // a start has no time to look for both
  const patience = seconds(at.requestTimeout, "requestTimeout", "must be a number of seconds, more than 0", 0.001) ?? 15;
  const timeout = 1000 * Math.min(patience, 2e6); // more than a timer can take is none at all
  return {
    server,
    renewable: server.refresh !== undefined,
    cookie,
    place,
    contended: place.shared || cookie, // other tabs may refresh the same session
    resources: resourcesOf(at.resources, paged),
    paged,
    margin: 1000 * (seconds(at.refreshMargin, "refreshMargin") ?? 60),
    autoRefresh: flag(at.autoRefresh, "autoRefresh") ?? true,
    timeout,
    deadline: timeout + 5000, // a refresh: the request, and what comes before and after it
    name,
    key,
  };
});

const serverOf = ((server) => {
  const { kind } = server;
  if (kind !== "json" && kind !== "oauth") refuse("server.kind", 'must be "json" or "oauth"');
  const oauth = kind === "oauth";
  const address = ((name) => endpoint(server[name], `server.${name}`));
  const login = address(oauth ? "token" : "login") ?? refuse(`server.${oauth ? "token" : "login"}`, "is needed: a URL");
  const via = oauth ? "body" : (server.refreshVia ?? "body");
  if (!["body", "bearer", "cookie"].includes(via)) refuse("server.refreshVia", 'must be "body", "bearer" or "cookie"');
  const refresh = oauth ? login : address("refresh");
  if (via === "cookie" && !refresh) refuse("server.refresh", 'is needed with refreshVia: "cookie"');
  const fields = given(server.fields) && !oauth ? object(server.fields, "server.fields") : {};
  return {
    oauth,
    via,
    login,
    refresh,
    logout: address(oauth ? "revocation" : "logout"),
    clientId: text(server.clientId, "server.clientId") || undefined, // an empty one is none (RFC 6749 section 3.2)
    scope: text(server.scope, "server.scope") || undefined,
    passwordGrant: flag(server.legacyPasswordGrant, "server.legacyPasswordGrant") ?? false,
    headers: headersOf(server.headers),
    // In the order in which server.js numbers them.
    fields: ["accessToken", "expiresIn", "refreshExpiresIn", "refreshToken"].map(((name) => pointer(fields[name], `server.fields.${name}`))),
  };
});

// A name, or an RFC 6901 pointer: the names on the way.
const pointer = ((value, path) => {
  const way = filled(value, path);
  if (way?.[0] !== "/") return way && [way];
  if (/~(?![01])/.test(way)) refuse(path, "has a ~ that is neither ~0, for ~, nor ~1, for /");
  return way.slice(1).split("/").map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
});

// The page's own origin, asked for late, since a start has no time for it. Not the global `origin`, which any script can replace.
const PAGE = {
  pathname: "/",
  get origin() {
    return `${globalThis.location?.origin}`;
  },
};

// Who may receive the token: by default the page, where there is one. Where that may not, nobody does.
const resourcesOf = ((resources, paged) => {
  if (!given(resources)) return paged ? [PAGE] : [];
  if (!Array.isArray(resources)) refuse("resources", "must be an array of origins");
  return resources.map((resource, index) => {
    const path = `resources[${index}]`;
    // Neither a name without a scheme, which would be a path beside the page, nor an asterisk does what its writer meant.
    if (!/^(https?:\/)?\/[^*?#]*$/i.test(resource)) refuse(path, 'must be an origin as "https://api.example.com", or that and a path');
    return parse(resource, path);
  });
});

const storageOf = ((storage = "local") => {
  if (storage === null) return "local";
  if (["local", "session", "memory"].includes(storage)) return storage;
  const isStore = typeof storage === "object" && ["get", "set", "remove"].every((name) => typeof storage[name] === "function");
  return isStore ? storage : refuse("storage", 'must be "local", "session", "memory", or an object with get, set and remove');
});

// What brings the headers of a request: those given, checked now, or those that the caller's own function brings then.
const headersOf = ((headers) => {
  if (typeof headers === "function") return () => validHeaders(headers());
  const fixed = given(headers) ? validHeaders(headers) : [];
  return () => fixed;
});

function validHeaders(headers) {
  // A promise would pass for an object without any headers.
  if ((given(headers) && typeof headers !== "object") || headers instanceof Promise) refuse("server.headers", "must be an object or a function");
  try {
    return new Headers(headers ?? undefined);
  } catch {
    refuse("server.headers", "must be valid header names and values");
  }
}

// An address that credentials and tokens may be sent to.
const endpoint = ((value, path) => parse(value, path, "/")?.href);

// As fetch reads it: relative to the page, where there is one. Nothing secret is sent to what the module finds fault with: an
// endpoint may have any path, a resource no ambiguous one.
const parse = ((value, path, pathname) => {
  const address = filled(value, path);
  if (address === undefined) return undefined;
  let url;
  try {
    url = new URL(address, globalThis.document?.baseURI ?? globalThis.location?.href);
  } catch {
    refuse(path, "is no URL; outside of a page it must be absolute");
  }
  if (url.username + url.password) refuse(path, "must hold no user name or password");
  const flaw = flawOf(url.origin, pathname ?? url.pathname);
  return flaw < 0 ? url : refuse(path, flaws[flaw]);
});

const object = ((value, path) => (typeof value === "object" && value !== null ? value : refuse(path, "must be an object")));

const text = ((value, path) => typed(value, "string", path, "must be a string"));

const filled = ((value, path) => (text(value, path) === "" ? refuse(path, "must not be empty") : (value ?? undefined)));

const flag = ((value, path) => typed(value, "boolean", path, "must be true or false"));

const seconds = ((value, path, rule = "must be a number of seconds, 0 or more", least = 0) => {
  const number = typed(value, "number", path, rule);
  return number === undefined || (Number.isFinite(number) && number >= least) ? number : refuse(path, rule);
});

const typed = ((value, type, path, rule) => {
  if (!given(value)) return undefined;
  return typeof value === type ? value : refuse(path, rule);
});

const given = ((value) => value !== undefined && value !== null);

// The peers, each with a token that is good for an hour, used as its documentation shows. Sessions are put where each keeps them.

import { Auth0Client } from "@auth0/auth0-spa-js";
import { OAuth2Client, OAuth2Fetch } from "@badgateway/oauth2-client";
import { AuthClient } from "@supabase/auth-js";
import axios from "axios";
import ky from "ky";
import { User, UserManager, WebStorageStateStore } from "oidc-client-ts";

const server = "https://login.example";
const soon = () => Math.floor(Date.now() / 1000) + 3600;
const authorized = (token) => ({ headers: { authorization: `Bearer ${token}` } });

function handRolled(token) {
  let held = { token, until: Date.now() + 3_600_000 };
  let refreshing;
  const refresh = async () => {
    const response = await fetch(`${server}/refresh`, { method: "POST" });
    const { access_token: token, expires_in: seconds } = await response.json();
    held = { token, until: Date.now() + 1000 * seconds };
  };
  const renewed = () => (refreshing ??= refresh().finally(() => (refreshing = undefined)));
  return async (url, init = {}) => {
    if (Date.now() >= held.until) await renewed();
    const send = () => fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${held.token}` } });
    const response = await send();
    if (response.status !== 401) return response;
    await renewed();
    return send();
  };
}

async function oidcClient(token) {
  const settings = { authority: server, client_id: "bench", redirect_uri: location.href, metadata: { token_endpoint: `${server}/token` }, automaticSilentRenew: false };
  const manager = new UserManager({ ...settings, userStore: new WebStorageStateStore({ store: localStorage }) });
  await manager.storeUser(new User({ access_token: token, refresh_token: "r", token_type: "Bearer", profile: { sub: "1" }, expires_at: soon() }));
  return async (url) => fetch(url, authorized((await manager.getUser()).access_token));
}

async function supabase(token) {
  const user = { id: "1", aud: "authenticated", app_metadata: {}, user_metadata: {}, created_at: "" };
  localStorage.setItem("supabase", JSON.stringify({ access_token: token, refresh_token: "r", token_type: "bearer", expires_in: 3600, expires_at: soon(), user }));
  const client = new AuthClient({ url: server, storageKey: "supabase", autoRefreshToken: false, detectSessionInUrl: false });
  await client.initialize();
  return async (url) => fetch(url, authorized((await client.getSession()).data.session.access_token));
}

async function auth0(token) {
  const [clientId, audience, scope] = ["bench", "api", "openid offline_access"];
  const decodedToken = { claims: { __raw: token, sub: "1" }, user: { sub: "1" } };
  const store = (key, value) => localStorage.setItem(`@@auth0spajs@@::${clientId}::${key}`, JSON.stringify(value));
  store(`${audience}::${scope}`, { body: { client_id: clientId, access_token: token, refresh_token: "r", expires_in: 3600, audience, scope }, expiresAt: soon() });
  store("@@user@@", { id_token: token, decodedToken });
  const client = new Auth0Client({ domain: "login.example", clientId, useRefreshTokens: true, cacheLocation: "localstorage", authorizationParams: { audience, scope } });
  const fetcher = client.createFetcher();
  return (url) => fetcher.fetchWithAuth(url, undefined, { audience });
}

function badgateway(token) {
  const client = new OAuth2Client({ server, clientId: "bench", tokenEndpoint: "/token" });
  const stored = { accessToken: token, refreshToken: "r", expiresAt: 1000 * soon() };
  const wrapper = new OAuth2Fetch({ client, getNewToken: () => null, getStoredToken: () => stored, scheduleRefresh: false });
  return (url) => wrapper.fetch(url);
}

function kyWithHooks(token) {
  const client = ky.create({
    retry: 0,
    throwHttpErrors: false,
    hooks: { beforeRequest: [({ request }) => request.headers.set("authorization", `Bearer ${token}`)] },
  });
  return (url) => client(url);
}

// The interceptors of the usual article.
function axiosInterceptors(token) {
  const client = axios.create({ adapter: "fetch" });
  client.interceptors.request.use((config) => {
    config.headers.Authorization = `Bearer ${token}`;
    return config;
  });
  client.interceptors.response.use(undefined, async (error) => {
    if (error.response?.status !== 401 || error.config.again) throw error;
    const { data } = await axios.post(`${server}/refresh`);
    token = data.access_token;
    return client({ ...error.config, again: true });
  });
  return (url) => client.get(url);
}

/** By name: given a token, each gives its authorised fetch. */
export const all = {
  "hand-rolled": handRolled,
  "@supabase/auth-js": supabase,
  "oidc-client-ts": oidcClient,
  "@badgateway/oauth2-client": badgateway,
  "@auth0/auth0-spa-js": auth0,
  "ky with hooks": kyWithHooks,
  "axios with interceptors": axiosInterceptors,
};

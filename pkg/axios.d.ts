/**
 * axios: the rules of `fetch` for an axios instance.
 *
 * @module tokenkeeper/axios
 */

import type { AxiosInstance } from "axios";
import type { TokenManager } from "./index.js";

/**
 * Gives the requests of an axios instance what `fetch` of the manager has: the token, for resources only; a refresh before a stale
 * token is used; one replay after a 401. Works with every adapter (xhr, fetch, http). Interceptors and transformations run once per
 * request, an Authorization of the caller's own (`headers`, `auth`) stays, and no error's `config` holds a token.
 * Where no token can be had, requests reject with the manager's TokenError. Returns the function that detaches.
 *
 * ```js
 * const api = axios.create({ baseURL: "https://api.example.com/v1" });
 * attach(api, auth);
 * const { data } = await api.get("/orders");
 * ```
 */
export function attach(instance: AxiosInstance, manager: TokenManager<unknown>): () => void;

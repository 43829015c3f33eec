// The authorised fetch: a drop-in for the platform's. A resource gets the token, and a request that
// was answered 401 is sent once more with a newer one; everything else passes untouched. What a 401
// means and whether a newer token is to be had, the core decides.

const REMEMBERED = 1000;
const LONG = 1000; // a data: URL may hold megabytes
// What Keeper::challenged makes of a refusal, where it makes something of it.
const TOKEN_REFUSED = 1;
const TOKEN_NO_HELP = 2;

// The desk is that of face.js; `fetch` is what sends.
export const fetchFor = ((desk, fetch) => {
  const { keeper } = desk;
  const known = new Map();
  let base;

  // Whether an address may have the token. Addresses recur, and taking one apart is the dearest
  // part of a call, so the answer is remembered, for as long as the page's base is the same.
  function isResource(address) {
    const now = globalThis.document?.baseURI ?? globalThis.location?.href;
    if (now !== base) known.clear();
    base = now;
    let covered = known.get(address);
    if (covered === undefined) {
      let url;
      try {
        url = new URL(address, base);
      } catch {
        return false; // the platform refuses it in its own words
      }
      // This late, since a start has no time for it.
      for (const { origin, pathname } of desk.resources.splice(0)) keeper.add(origin, pathname);
      covered = keeper.covers(url.origin, url.pathname);
      if (known.size === REMEMBERED) known.clear();
      if (address.length < LONG) known.set(address, covered);
    }
    return covered;
  }

  // Whether the answer refuses the token so that a newer one may help: undefined if not, true where it says that this one is
  // over. What another refused whom a resource redirected to says nothing of the token, which the platform left behind.
  function refusal({ status, redirected, url, headers }) {
    if ((status !== 401 && status !== 403) || (redirected && !isResource(url))) return undefined;
    const meant = keeper.challenged(headers?.get?.("www-authenticate") ?? "");
    return status === 403 || meant === TOKEN_NO_HELP ? undefined : meant === TOKEN_REFUSED;
  }

  function newer({ family, generation }, invalidToken) {
    return desk.ask((ticket) => keeper.refused(ticket, family, generation, invalidToken));
  }

  return async function authorisedFetch(input, init) {
    if (desk.ended) return desk.want(); // which says so
    if (!desk.isLoggedIn) return fetch(input, init);
    if (isA(init, "Request")) {
      // Its members are its prototype's, and would be lost in a copy.
      input = new Request(input, init);
      init = undefined;
    }
    const request = isA(input, "Request") ? input : undefined;
    // Copied, so that both times the same is sent; a Headers of our own only where it has to be one.
    const given = init?.headers ?? request?.headers ?? {};
    const simple = Object.getPrototypeOf(given) === Object.prototype && !given[Symbol.iterator];
    const headers = simple ? { ...given } : new Headers(given);
    // A navigation carries cookies and takes no header; an Authorization of the caller's own stays.
    const own = simple ? Object.keys(headers).some(isAuthorization) : headers.has("authorization");
    const address = request ? request.url : `${input}`;
    if (own || request?.mode === "navigate" || !isResource(address)) return fetch(input, init);
    // As they are now, but for what a body holds: while a refresh is waited for, the caller may go on with the same URL and init.
    input = request ?? address;
    init = { ...init, headers };

    const { signal = request?.signal } = init;
    let lease = desk.token;
    if (!lease) {
      try {
        lease = await unlessAborted(signal, desk.want(), desk);
      } catch (error) {
        if (error?.code === "not_logged_in") return fetch(input, init);
        throw error;
      }
    }

    const spare = spareOf(request, init);
    const send = (what, { token }) => {
      if (simple) headers.authorization = `Bearer ${token}`;
      else headers.set("authorization", `Bearer ${token}`);
      return fetch(what, init);
    };
    try {
      const response = await send(input, lease);
      const over = refusal(response);
      if (over === undefined) return response;
      if (spare === STREAM) {
        desk.caution("body_not_replayable");
        return response;
      }
      try {
        lease = await unlessAborted(signal, newer(lease, over), desk);
      } catch (error) {
        if (signal?.aborted) throw error;
        return response; // no newer token: the answer is the caller's
      }
      response.body?.cancel?.()?.catch(() => {});
      const second = await send(spare ?? input, lease);
      keeper.replayed(lease.family, lease.generation, refusal(second) === undefined);
      return second;
    } finally {
      // A copy that was not needed: the platform need not keep its body.
      if (spare && spare !== STREAM && !spare.bodyUsed) spare.body?.cancel?.()?.catch(() => {});
    }
  };
});

function isAuthorization(name) {
  return name.toLowerCase() === "authorization";
}

const STREAM = Symbol();

// What to send a second time: nothing special, a copy of a request whose body can be read only
// once, or STREAM for what is gone when it is sent.
function spareOf(request, init) {
  const { body } = init;
  if (body !== undefined && body !== null) {
    return body.getReader || body[Symbol.asyncIterator] || body.pipe ? STREAM : undefined;
  }
  return request && request.method !== "GET" ? request.clone() : undefined;
}

// A platform object of whatever realm.
function isA(value, kind) {
  return typeof value === "object" && value !== null && value[Symbol.toStringTag] === kind;
}

// The caller's signal ends the caller's waiting, not the refresh: its answer must not be lost.
function unlessAborted(signal, reply, desk) {
  if (!signal) return reply;
  return new Promise((resolve, reject) => {
    const abort = () => {
      desk.left(reply);
      reject(signal.reason);
    };
    signal.addEventListener("abort", abort);
    reply.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
    if (signal.aborted) abort();
  });
}

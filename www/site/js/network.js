// Watches the network from inside: wraps `fetch`, and tells of every call to the two servers.
// It has to be in place before there is a manager.

const SERVERS = { auth: "auth", cookie: "auth", api: "api" };

export function watchNetwork({ onRequest, onAnswer, onLost }) {
  const bare = globalThis.fetch.bind(globalThis);
  const numbers = new Map();
  let offline = false;

  // Tells tokens apart without showing them.
  function numberOf(token) {
    if (!numbers.has(token)) numbers.set(token, numbers.size + 1);
    return numbers.get(token);
  }

  function describe(input, init) {
    const request = input instanceof Request ? input : undefined;
    const url = new URL(request?.url ?? input, document.baseURI);
    const [, first] = url.pathname.split("/");
    if (url.origin !== location.origin || !(first in SERVERS)) return undefined;
    const headers = new Headers(init?.headers ?? request?.headers);
    const [, token] = /^bearer (.+)$/i.exec(headers.get("authorization") ?? "") ?? [];
    return {
      server: SERVERS[first],
      method: (init?.method ?? request?.method ?? "GET").toUpperCase(),
      path: url.pathname,
      purpose: first === "api" ? "call" : url.pathname.split("/").at(-1),
      cookie: first === "cookie",
      token: token && numberOf(token),
    };
  }

  globalThis.fetch = async (input, init) => {
    const call = describe(input, init);
    if (!call) return bare(input, init);
    call.cut = offline;
    onRequest(call);
    if (offline) throw new TypeError("Failed to fetch (simulated: offline)");
    try {
      const response = await bare(input, init);
      onAnswer(call, await summary(call, response));
      return response;
    } catch (error) {
      onLost(call);
      throw error;
    }
  };

  return {
    bare,
    numberOf,
    get offline() {
      return offline;
    },
    set offline(value) {
      offline = value;
      dispatchEvent(new Event(value ? "offline" : "online"));
    },
  };
}

// What the answer holds, without its tokens.
async function summary(call, response) {
  const { status, ok } = response;
  const challenge = response.headers.get("www-authenticate");
  if (call.purpose === "call") {
    const [, error] = /\berror="([^"]*)"/.exec(challenge ?? "") ?? [];
    return { status, ok, error };
  }
  const body = await response.clone().json().catch(() => ({}));
  return { status, ok, error: body.error, access: "access_token" in body, refresh: "refresh_expires_in" in body };
}

// The blocks of docs/recipes.md, as they stand there.

import { connect as listen } from "../recipes/eventsource.js";
import { api as ky } from "../recipes/ky.js";
import { api as openapi } from "../recipes/openapi-clients.js";
import { orders, queryClient } from "../recipes/tanstack-query.js";
import * as urql from "../recipes/urql.js";
import { connect } from "../recipes/websocket.js";
import { equal, ok, rejection, test, until } from "../lib/harness.js";
import { auth, clock, server, serve } from "../recipes/auth.js";

const lifetime = 60_000;

/** Somebody logged in, and an API that answers this. Brings what the API is asked. */
async function world(answer) {
  server.requests.length = 0;
  const asked = [];
  serve(async (request) => {
    if (!request.headers.has("authorization")) return new Response(null, { status: 401 });
    asked.push({ url: request.url, body: await request.text(), token: request.headers.get("authorization").slice("Bearer ".length) });
    return answer(request);
  });
  await auth.login({});
  return asked;
}

// Each makes its first call with a token that the server refuses: one refresh, one replay.
function recovers(name, call, check) {
  test(`recipe for ${name}: it sends the token, and a refused one is replaced`, async () => {
    const asked = await world(() => Response.json({ data: { id: 7 } }));
    server.expireTokens();
    check(await call());
    equal(asked.map(({ token }) => token), [await auth.token()]);
    equal([server.count("refresh"), server.count("api")], [1, 2]);
  });
}

recovers("ky", () => ky.post("orders", { json: { id: 7 } }).json(), ({ data }) => equal(data, { id: 7 }));
recovers("TanStack Query", () => queryClient.fetchQuery(orders), ({ data }) => equal(data, { id: 7 }));
recovers("urql", () => urql.client.query("query Seven { id }", {}).toPromise(), ({ data, error }) => equal([data, error], [{ id: 7 }, undefined]));
recovers("OpenAPI clients", () => openapi.POST("/orders", { body: { id: 7 } }), ({ data }) => equal(data, { data: { id: 7 } }));

test("recipe for ky: a session that ends while a token is awaited is not asked for again", async (t) => {
  await world(() => Response.json({}));
  await clock.advance(2 * lifetime);
  server.revoke();
  await t.fails(ky.get("orders").json(), { code: "session_ended" });
  equal([server.count("refresh"), server.count("api")], [1, 0]);
});

test("recipe for TanStack Query: what will not work later either is not tried again", async (t) => {
  await world(() => Response.json({}));
  await clock.advance(2 * lifetime);
  server.answerNext("refresh", Response.json({ no: "token" }));
  await t.fails(queryClient.fetchQuery(orders), { code: "bad_response" });
  equal(queryClient.getQueryState(orders.queryKey).fetchFailureCount, 1);
});

for (const [what, leave] of [["a logout", () => auth.logout()], ["another login", () => auth.login({})]]) {
  test(`recipe for TanStack Query: ${what} leaves nothing for the next user`, async () => {
    await world(() => Response.json(["mine"]));
    await queryClient.fetchQuery(orders);
    equal(queryClient.getQueryData(orders.queryKey), ["mine"]);
    await leave();
    equal(queryClient.getQueryData(orders.queryKey), undefined);
  });

  test(`recipe for urql: ${what} leaves nothing for the next user`, async () => {
    const asked = await world(() => Response.json({ data: { __typename: "Query", id: 7 } }));
    const query = () => urql.client.query("query Cached { id }", {}).toPromise();
    await query();
    await query();
    equal(asked.length, 1, "requests, the second from the cache:");
    await leave();
    await auth.login({});
    await query();
    equal(asked.length, 2, "requests");
  });
}

test("recipe for EventSource: it connects with the token, and anew with the token of then, until somebody else logs in", async () => {
  const event = (text) => new Response(`retry: 10\ndata: ${text}\n\n`, { headers: { "content-type": "text/event-stream" } });
  const asked = await world(() => event(`number ${asked.length}`));
  const heard = [];
  const source = listen("https://api.example.com/v1/events");
  source.onmessage = ({ data }) => heard.push(data);
  await until(() => heard.length > 0, "an event");
  await auth.refresh();
  const token = await auth.token();
  await until(() => asked.at(-1).token === token, "a connection with the new token");
  equal(heard[0], "number 1");
  await auth.login({});
  equal(source.readyState, 2, "closed:");
});

test("recipe for WebSocket: it connects with the token, sends the newer one, and closes when somebody else logs in", async () => {
  await world(() => Response.json({}));
  const { WebSocket } = globalThis;
  const sockets = [];
  globalThis.WebSocket = class extends EventTarget {
    static OPEN = 1;
    readyState = 0;
    closed = 0;
    sent = [];
    constructor(url, protocols) {
      super();
      Object.assign(this, { url, protocols });
      sockets.push(this);
    }
    send(text) {
      this.sent.push(text);
    }
    close() {
      this.readyState = 3;
      this.closed += 1;
      this.dispatchEvent(new Event("close"));
    }
  };
  try {
    const socket = await connect("wss://api.example.com/live");
    equal([sockets.length, socket.url, socket.protocols], [1, "wss://api.example.com/live", ["bearer", await auth.token()]]);
    await auth.refresh();
    await clock.advance(0); // all that follows has happened: nothing can be sent yet
    socket.readyState = 1;
    await auth.refresh();
    const token = await auth.token();
    await until(() => socket.sent.length > 0, "a message");
    equal(socket.sent, [JSON.stringify({ token })]);
    await auth.login({});
    equal(socket.closed, 1);
    socket.readyState = 1; // as if it were open: nobody is left who would use it
    await auth.refresh();
    await auth.logout();
    await clock.advance(0);
    equal([socket.sent.length, socket.closed], [1, 1], "messages, and how often it was closed");
  } finally {
    globalThis.WebSocket = WebSocket;
  }
});

test("recipe for WebSocket: without a session there is no connection", async () => {
  await auth.logout();
  equal((await rejection(connect("wss://api.example.com/live"))).code, "not_logged_in");
});

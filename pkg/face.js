// The face: promises answers to tickets, gives errors and events their shape, and keeps the timeline. Importing it does
// nothing; index.js and slim.js differ only in where the module is from.

import { TokenError, refuse } from "./error.js";
import { fetchFor } from "./fetch.js";
import { Hands, report } from "./hands.js";
import { settingsOf } from "./options.js";
import { Session } from "./session.js";
import { json } from "./values.js";
import { Keeper } from "./wasm/tokenkeeper.js";
import { messages, words } from "./wasm/words.js";

const WARNINGS = {
  body_not_replayable: "A streamed body was answered 401 and cannot be sent again.",
  clock_skew: "This device's clock is off. Nothing depends on it.",
  insufficient_scope: "The token lacks a scope; a refresh would not help.",
  refresh_failed: "The refresh failed; the session stays.",
  step_up_required: "A stronger or fresher login is needed; a refresh would not help.",
  storage_corrupt: "The store holds what is no session; the next one replaces it.",
  storage_unavailable: "The store cannot be used: the session lives in this page's memory.",
  token_rejected: "A new token was refused: check its audience and the resource's clock.",
};

// What a warning's number is.
const HOW_MUCH = { clock_skew: "skewMs", refresh_failed: "retryInMs", step_up_required: "maxAge" };

const EVENTS = ["login", "refresh", "logout", "warning"];
const CHANGE = "change";
const REMEMBERED = 100;

// What a manager's parts share: promises by ticket, the lease on the token, listeners. The keeper
// (src/web/keeper.rs) calls its methods, and those of Hands.
class Desk extends Hands {
  #tickets = 0;
  #waiting = new Map();
  #lease;
  #session; // made when it is asked for
  #listeners = new Set();
  #early = []; // warnings from before anyone could listen
  #timeline = [];

  // Feeds the keeper with a ticket, and promises its answer.
  ask(feed) {
    const ticket = ++this.#tickets;
    const reply = new Promise((resolve, reject) => this.#waiting.set(ticket, { resolve, reject }));
    reply.ticket = ticket;
    if (this.ended) this.fail(ticket, words.indexOf("closed"));
    else feed(ticket);
    return reply;
  }

  left({ ticket }) {
    this.#waiting.delete(ticket);
    this.keeper.left(ticket);
  }

  answer(ticket) {
    this.#waiting.get(ticket)?.resolve(this.#lease);
    this.#waiting.delete(ticket);
  }

  // An error's code has one number among the words and the messages (src/core/words.rs).
  fail(ticket, code, retryable, status, receipt) {
    const { text } = this.contentOf(receipt);
    const body = text ? (json(text) ?? text) : undefined;
    const error = new TokenError(words[code], messages[code], !!retryable, status || undefined, body);
    this.#waiting.get(ticket)?.reject(error);
    this.#waiting.delete(ticket);
  }

  // The session in hand; its token may be used unasked for a while. No access token: nobody is logged in.
  lease(access, scope, family, generation, until, expires, refreshExpires) {
    this.#session = undefined;
    this.#lease = access ? { token: this.contentOf(access).access, scope: this.contentOf(scope).scope, family, generation, until, spent: performance.now() + until - Date.now(), expires, refreshExpires } : undefined;
  }

  // The token that needs no question, while it is good.
  get token() {
    return this.#lease?.until > Date.now() && this.#lease.spent > performance.now() ? this.#lease : undefined;
  }

  get isLoggedIn() {
    return this.#lease !== undefined;
  }

  // The same object until something changes.
  get session() {
    if (this.ended || !this.#lease) return null;
    return (this.#session ??= new Session(this.#lease, this.server.oauth));
  }

  // A login or a refresh brought a session that is over already: a listener logged out, or it lived for a moment only. The
  // core has the error for that, the same as for a 401 to a token that is nobody's.
  gone() {
    return this.ask((ticket) => this.keeper.refused(ticket, 0, 0, false));
  }

  emit(event, elsewhere, reason) {
    const type = words[event];
    const ended = type === "logout";
    const remote = elsewhere !== 0;
    this.#remember(type, ended && words[reason], 0, remote);
    this.#notify(type, ended ? { reason: words[reason], remote } : { session: this.session, remote });
    this.#notify(CHANGE);
  }

  // What a challenge says is as it was sent: a backslash says that the next character is meant (RFC 9110 section 5.6.4).
  warn(word, much, ...quoted) {
    const code = words[word];
    const [scope, acrValues] = quoted.map((text) => text?.replace(/\\(.)/g, "$1"));
    this.caution(code, { ...(acrValues && { acrValues }), ...(scope && { scope }), ...(Number.isNaN(much) || { [HOW_MUCH[code]]: much }) });
  }

  caution(code, more) {
    const warning = { code, message: WARNINGS[code], ...more };
    if (code !== "refresh_failed") this.#remember(code); // the core told of that, and why
    if (code === "clock_skew") this.#notify(CHANGE); // for a session that expires at another time by this clock
    if (this.#early) this.#early.push(warning);
    else this.#notify("warning", warning);
  }

  log(what, why, status) {
    this.#remember(words[what], words[why], status);
  }

  explain() {
    return this.#timeline.map((line) => ({ ...line }));
  }

  #remember(what, why, status, remote) {
    this.#timeline.push({ at: Date.now(), what, ...(why && { why }), ...(status && { status }), ...(remote && { remote }) });
    if (this.#timeline.length > REMEMBERED) this.#timeline.shift();
  }

  // Warnings of the opening are told once whoever awaits it had the time to listen.
  opened() {
    setTimeout(() => {
      for (const warning of this.#early) this.#notify("warning", warning);
      this.#early = undefined;
    });
  }

  listen(type, listener) {
    if (typeof listener !== "function") refuse("The listener", "must be a function.");
    const entry = { type, listener };
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  // One that throws is reported as the platform does, and keeps no other from being told.
  #notify(type, event) {
    for (const entry of [...this.#listeners]) {
      if (entry.type !== type || !this.#listeners.has(entry)) continue;
      try {
        entry.listener(event);
      } catch (error) {
        report(error);
      }
    }
  }

  end() {
    this.#listeners.clear();
    super.end();
  }
}

// The manager itself: what a user holds, and no more.
function managerOf(desk) {
  return {
    fetch: fetchFor(desk, (...all) => fetch(...all)),
    fetchVia: (transport) => fetchFor(desk, transport),

    get session() {
      return desk.session;
    },

    async login(credentials) {
      await desk.login(credentials);
      await desk.settled;
      return desk.session ?? desk.gone();
    },

    async logout() {
      // The answer tells only that the server was told.
      await desk.ask((ticket) => desk.keeper.logout(ticket));
    },

    async token() {
      return (await desk.want()).token;
    },

    async refresh() {
      await desk.ask((ticket) => desk.keeper.renew(ticket));
      await desk.settled;
      return desk.session ?? desk.gone();
    },

    on(type, listener) {
      if (!EVENTS.includes(type)) refuse("on(type)", `must be one of ${EVENTS.join(", ")}.`);
      return desk.listen(type, listener);
    },

    subscribe: (listener) => desk.listen(CHANGE, listener),
    explain: () => desk.explain(),
    close: () => desk.end(),
    // Where a platform has no Symbol.dispose, the method is merely out of reach.
    [Symbol.dispose]: () => desk.end(),
  };
}

export async function createManager(options) {
  const settings = settingsOf(options);
  const { server, renewable, cookie, place, autoRefresh, margin, deadline } = settings;
  const desk = new Desk(settings);
  const keeper = new Keeper(weakly(desk), server.oauth, renewable, cookie, place.shared, autoRefresh, margin, deadline);
  await desk.begin(keeper);
  return managerOf(desk);
}

// The keeper's way to its desk, which does not keep it alive: what the module holds is never
// collected, and the desk holds the keeper.
function weakly(desk) {
  const ref = new WeakRef(desk);
  return new Proxy({}, { get: (_, name) => (...values) => ref.deref()?.[name](...values) });
}

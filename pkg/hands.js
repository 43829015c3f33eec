// The hands of the shell: what is asynchronous about the platform. They decide nothing; each does
// one thing for the keeper (src/web/keeper.rs) and tells it what came of it.

// Locks, channels and IndexedDB may each be missing: the core knows how to do without.

import { claimsOf } from "./decode.js";
import { transact } from "./ledger.js";
import { answerOf, loginRequest, logoutRequest, refreshRequest } from "./server.js";
import { Store } from "./store.js";
import { numbersIn } from "./values.js";
import { LATE, within } from "./within.js";

const PREFIX = "tokenkeeper:";
const LONGEST = 2 ** 31 - 1; // more is taken for no delay at all; whoever is woken early asks again
const LEDGER_DEADLINE = 1000;
const LOGIN = true; // which call it is, as the keeper takes it
const REFRESH = false;

// The desk (face.js), which extends them, has ask(), answer() and opened().
export class Hands extends Store {
  server;
  resources; // that the keeper does not know yet
  ended = false;
  #settings;
  #name;
  #timer;
  #channel;
  #ledgerBroken = false;
  #noted;
  #leaving; // the logouts' calls
  #locks = new Map();
  #listening = new AbortController(); // as options of listeners: its signal ends them

  constructor(settings) {
    super(settings);
    this.#settings = settings;
    this.#name = PREFIX + settings.name + (globalThis.location ? "" : `:${numberOf(settings.place.custom ?? this)}`);
    this.server = settings.server;
    this.resources = settings.resources;
  }

  // Starts listening to other tabs and to the page, and resolves when it is known who is logged in.
  async begin(keeper) {
    this.keeper = keeper;
    if (this.#settings.place.unusable) keeper.storeFailed();
    if (this.#settings.cookie) this.probe(); // since a session may come without a login
    this.#listen();
    this.show(await this.read());
    await this.ask((ticket) => keeper.open(ticket)).catch(() => {}); // nobody: no error here
    this.opened();
  }

  // Hears of nothing any more; what is under way is brought to its end.
  end() {
    this.ended = true;
    this.#listening.abort();
    this.keeper.close();
    this.#channel?.close();
    this.#channel = undefined;
  }

  want() {
    return this.ask((ticket) => this.keeper.want(ticket));
  }

  // Time

  // Every feed of the keeper ends here.
  alarm(millis) {
    this.forget();
    clearTimeout(this.#timer);
    if (millis < 0) return;
    this.#timer = setTimeout(() => this.keeper.tick(), Math.min(Math.ceil(millis), LONGEST));
    this.#timer?.unref?.(); // Node may end although this timer is set
  }

  // The authorization server

  async login(credentials) {
    const { keeper } = this;
    const request = loginRequest(this.server, credentials);
    this.probe();
    const reply = this.ask((ticket) => keeper.loggingIn(ticket));
    try {
      // The answer to a logout takes the cookie along: it must not be the next one. A login that is over by then is not sent.
      await Promise.race([reply, this.#settings.cookie && this.#leaving]);
      this.#call(LOGIN, reply.ticket, request());
    } catch (error) {
      keeper.unheard(LOGIN, reply.ticket, false);
      throw error;
    }
    return reply;
  }

  refresh(attempt, refresh) {
    const request = refreshRequest(this.server, this.contentOf(refresh)).catch(report);
    this.#call(REFRESH, attempt, request, this.#settings.cookie && this.session?.claims?.sub);
  }

  // Says that a session is over, best effort; `keepalive` lets the message outlive the page.
  async over(ticket, access, refresh) {
    const request = logoutRequest(this.server, this.contentOf(access), this.contentOf(refresh)).catch(report);
    const before = this.#leaving;
    await (this.#leaving = this.#send(request, { keepalive: true }).catch(() => {}).then(() => before));
    await Promise.all([this.#noted, this.settled]); // so that a reload finds no session any more
    this.answer(ticket);
  }

  // `id` is the ticket of a login, the attempt of a refresh. `subject` is whose token it was (RFC 7519 section 4.1.2), where the
  // next may be somebody else's.
  async #call(login, id, request, subject) {
    const { keeper, server } = this;
    const heard = await this.#send(request, { keepalive: false }).catch(() => undefined);
    if (!heard || heard === LATE) return keeper.unheard(login, id, heard === LATE);
    const [response, text] = heard;
    const { html, invalidGrant, content, times } = answerOf(server, response, text, login);
    const another = !!subject && (claimsOf(content.access)?.sub ?? subject) !== subject;
    keeper.heard(login, id, response, html, invalidGrant, this.receiptFor(content), !!content.access, !!content.refresh, !!content.scope, another, ...times);
  }

  // The response and its whole body; LATE after the request timeout, nothing where there is no request.
  async #send(request, init) {
    const controller = new AbortController();
    const answer = async () => {
      const sent = await request;
      if (!sent) return undefined;
      const response = await fetch(sent, { ...init, signal: controller.signal });
      return [response, await response.text()];
    };
    const heard = await within(this.#settings.timeout, answer());
    if (heard === LATE) controller.abort();
    return heard;
  }

  // Other tabs

  // One lock around a refresh. It is never stolen: a thief breaks what the holder is in the middle
  // of. Where locks are missing or forbidden (an opaque origin), there is none to be had.
  // It is waited for longer than an honest holder needs: who goes on without it while another
  // refreshes would send the same token.
  async lock(attempt) {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), this.#settings.deadline);
    try {
      await navigator.locks.request(this.#name, { signal: controller.signal }, () => {
        clearTimeout(timer);
        const released = new Promise((release) => this.#locks.set(attempt, release));
        this.keeper.locked(attempt, true);
        return released;
      });
    } catch {
      clearTimeout(timer);
      this.keeper.locked(attempt, false);
    }
  }

  unlock(attempt) {
    this.#locks.get(attempt)?.();
    this.#locks.delete(attempt);
  }

  tell(message) {
    this.#channel?.postMessage(message);
  }

  #listen() {
    const on = (target, type, listener) => target?.addEventListener?.(type, listener, this.#listening);
    const seen = async (then) => {
      const own = await this.read();
      then?.();
      this.show(own);
      this.keeper.seen();
    };
    const woken = async () => {
      if (globalThis.document?.visibilityState === "hidden") return;
      this.show(await this.read());
      this.keeper.woken();
    };
    for (const type of ["online", "pageshow", "focus"]) on(globalThis, type, woken);
    on(globalThis.document, "visibilitychange", woken);
    // The way to hear of other tabs that works without channels; `null` is a store emptied whole.
    on(globalThis, "storage", (event) => (event.key === this.#settings.key || event.key === null) && seen());
    if (typeof BroadcastChannel !== "function" || !(globalThis.location || this.#settings.place.shared)) return;
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.unref?.();
    on(this.#channel, "message", ({ data }) => seen(() => this.keeper.told(...numbersIn(data, 3))));
  }

  // The ledger, a record in IndexedDB that orders the tabs where localStorage cannot

  async look(attempt) {
    const entry = await this.#ledger("readonly");
    this.show(await this.read());
    this.keeper.looked(attempt, entry !== undefined, ...numbersIn(entry, 3));
  }

  async note(attempt, entry) {
    this.#noted = this.#ledger("readwrite", entry);
    this.keeper.noted(attempt, (await this.#noted) === true);
  }

  // What the ledger says or, given an entry, whether it took that. Undefined where there is none, or it
  // hangs: then it is not asked again before it has answered after all.
  async #ledger(mode, entry) {
    const { contended, deadline } = this.#settings;
    if (!contended || this.#ledgerBroken) return undefined;
    const asked = transact(this.#name, mode, entry, deadline);
    const read = await within(LEDGER_DEADLINE, asked).catch(() => undefined);
    if (read !== LATE) return read;
    this.#ledgerBroken = true;
    asked.catch(() => {}).then(() => (this.#ledgerBroken = false));
  }
}

// On a server there are no tabs: managers belong together if they have the same store, else they are different users'. Any
// number, since names are heard in all threads.
const numbers = new WeakMap();

function numberOf(store) {
  if (!numbers.has(store)) numbers.set(store, Math.random());
  return numbers.get(store);
}

// What the caller's own code throws where no caller waits for it, as the platform does.
export function report(error) {
  if (typeof reportError === "function") reportError(error);
  else console.error(error);
}

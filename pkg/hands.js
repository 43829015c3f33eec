// The hands of the shell: what is asynchronous about the platform. They decide nothing; each does
// one thing for the keeper (src/web/keeper.rs) and tells it what came of it.

// Locks, channels and IndexedDB may each be missing: the core knows how to do without.

import { loginRequest, logoutRequest, refreshRequest, tokensIn } from "./server.js";

const PREFIX = "tokenkeeper:";
const LONGEST = 2 ** 31 - 1; // more is taken for no delay at all; whoever is woken early asks again
const LEDGER_DEADLINE = 1000;
const STORE_DEADLINE = 5000;
const LOGIN = true; // which call it is, as the keeper takes it
const REFRESH = false;

export class Hands {
  keeper; // once there is one
  server;
  ended = false;
  #settings;
  #custom;
  #name;
  #key;
  #timer;
  #channel;
  #ledgerBroken = false;
  #noted;
  #queue = Promise.resolve();
  #locks = new Map();
  #stop = [];

  constructor(settings) {
    this.#settings = settings;
    this.#custom = settings.custom;
    this.#key = settings.key;
    this.#name = PREFIX + settings.name;
    this.server = settings.server;
  }

  // Starts listening to other tabs and to the page, and resolves when it is known who is logged in.
  async begin(keeper) {
    this.keeper = keeper;
    this.#listen();
    const stored = await this.#read();
    await this.ask((ticket) => keeper.open(ticket, stored)).catch(() => {}); // nobody: no error here
    this.opened();
  }

  // Hears of nothing any more; what is under way is brought to its end.
  end() {
    this.ended = true;
    for (const stop of this.#stop.splice(0)) stop();
    this.keeper.close();
    this.#channel?.close();
    this.#channel = undefined;
  }

  want() {
    return this.ask((ticket) => this.keeper.want(ticket));
  }

  // Resolves when the caller's own store has what it was given, so that a reload finds it.
  get stored() {
    return this.#queue;
  }

  // Time

  alarm(millis) {
    clearTimeout(this.#timer);
    if (millis < 0) return;
    this.#timer = setTimeout(() => this.keeper.tick(), Math.min(Math.ceil(millis), LONGEST));
    this.#timer?.unref?.(); // Node may end although this timer is set
  }

  // The authorization server

  login(credentials) {
    const request = loginRequest(this.server, credentials);
    return this.ask((ticket) => {
      this.keeper.loggingIn(ticket);
      this.#call(LOGIN, ticket, request);
    });
  }

  refresh(attempt, token, name) {
    this.#call(REFRESH, attempt, refreshRequest(this.server, token, name).catch(report));
  }

  // Says that a session is over, best effort; `keepalive` lets the message outlive the page.
  async over(ticket, access, refresh, name) {
    const request = logoutRequest(this.server, access, refresh, name).catch(report);
    await this.#send(request, { keepalive: true }).catch(() => {});
    await Promise.all([this.#noted, this.#queue]); // so that a reload finds no session any more
    this.answer(ticket);
  }

  // `id` is the ticket of a login, the attempt of a refresh.
  async #call(login, id, request) {
    const { keeper, server } = this;
    const heard = await this.#send(request, { keepalive: false }).catch(() => undefined);
    if (!heard || heard === LATE) return keeper.unheard(login, id, heard === LATE);
    const [response, text] = heard;
    const body = json(text);
    const error = typeof body?.error === "string" ? body.error : undefined;
    const tokens = response.ok ? tokensIn(server, body, text, login) : undefined;
    keeper.heard(login, id, server.oauth, response, text, error, tokens);
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
    const on = (target, type, listener) => {
      if (typeof target?.addEventListener !== "function") return;
      target.addEventListener(type, listener);
      this.#stop.push(() => target.removeEventListener(type, listener));
    };
    const seen = async () => this.keeper.seen(await this.#read());
    const woken = async () => {
      if (globalThis.document?.visibilityState !== "hidden") this.keeper.woken(await this.#read());
    };
    for (const type of ["online", "pageshow", "focus"]) on(globalThis, type, woken);
    on(globalThis.document, "visibilitychange", woken);
    // The way to hear of other tabs that works without channels; `null` is a store emptied whole.
    on(globalThis, "storage", (event) => (event.key === this.#key || event.key === null) && seen());
    // On a server there are no tabs: managers that share no store are different users'.
    if (typeof BroadcastChannel !== "function" || !(globalThis.location || this.#settings.shared)) return;
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.unref?.();
    on(this.#channel, "message", async ({ data }) => this.keeper.told(data, await this.#read()));
  }

  // The ledger, a record in IndexedDB that orders the tabs where localStorage cannot

  async look(attempt) {
    const ledger = await this.#ledger("readonly");
    this.keeper.looked(attempt, ledger, await this.#read());
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
    const read = await within(LEDGER_DEADLINE, asked).catch(() => LATE);
    if (read !== LATE) return read;
    this.#ledgerBroken = true;
    asked.then(() => (this.#ledgerBroken = false), () => {});
  }

  // The caller's own store: one use after the other, so that an erasure that began before a write
  // does not end after it; each within a deadline, since it may hang (P4).

  #inTurn(use) {
    const turn = this.#queue.then(() => within(STORE_DEADLINE, use(this.#custom, this.#key)));
    // The first to hear of a failure: it is known before what was read is used.
    this.#queue = turn.then(
      (done) => done === LATE && this.#storeFailed(),
      () => this.#storeFailed(),
    );
    return turn;
  }

  #storeFailed() {
    if (!this.#custom) return;
    this.#custom = undefined;
    this.keeper.storeFailed();
  }

  async #read() {
    if (!this.#custom) return undefined;
    return textOf(await this.#inTurn(async (store, key) => store.get(key)).catch(() => undefined));
  }

  save(text) {
    this.#inTurn(async (store, key) => {
      try {
        await store.set(key, text);
      } catch {
        // As in src/web/store.rs: what stays would be an old session, and outlive the logout.
        await store.remove(key);
        await store.set(key, text);
      }
    }).catch(() => {});
  }

  erase(family, generation) {
    this.#inTurn(async (store, key) => {
      const text = textOf(await store.get(key));
      if (!this.keeper.outlives(text, family, generation)) await store.remove(key);
    }).catch(() => {});
  }
}

const LATE = Symbol();

// What a store of the caller's own has brought: anything but a text is nothing.
function textOf(found) {
  return typeof found === "string" ? found : undefined;
}

// What the caller's own code throws where no caller waits for it, as the platform does.
export function report(error) {
  if (typeof reportError === "function") reportError(error);
  else console.error(error);
}

// What a text holds; undefined where it is no JSON.
export function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// What a promise brings, or LATE. The time is counted in two halves: when a page has slept through a deadline, its timer
// may ring before an answer that came meanwhile is heard, and that may hold the only refresh token that is still good.
async function within(millis, promise) {
  const half = millis / 2;
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => (timer = setTimeout(resolve, half, LATE)), half);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

// Reads the entry of this name or, given a new one, writes that if it comes later, and says whether it
// did: in one transaction, since the ledger serves as the lock where there is none.
async function transact(name, mode, entry, deadline) {
  const opening = indexedDB.open("tokenkeeper", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("ledger");
  const database = await settled(opening);
  try {
    const transaction = database.transaction("ledger", mode);
    const table = transaction.objectStore("ledger");
    const was = (await settled(table.get(name))) ?? null;
    if (!entry) return was;
    const written = advances(was, entry, deadline);
    if (written) table.put(entry, name);
    await settled(transaction); // a full disk shows only then
    return written;
  } finally {
    database.close();
  }
}

// As Ledger::advance in src/core/ledger.rs, which says why. What is no entry of ours is nothing.
function advances(was, [family, generation, intent], deadline) {
  if (!Array.isArray(was) || !was.slice(0, 2).every(Number.isSafeInteger)) return true;
  const ahead = family - was[0] || generation - was[1];
  return !(ahead < 0 || (ahead === 0 && intent && Math.abs(intent - was[2]) < deadline));
}

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = request.oncomplete = () => resolve(request.result);
    request.onerror = request.onblocked = request.onabort = () => reject(request.error);
  });
}

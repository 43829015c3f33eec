// Where the session is kept: a web storage, memory, or the caller's own store. What cannot be used is replaced by memory,
// so that the page goes on (P4, P23).

import { Receipts } from "./receipts.js";
import { isToken, json, numbersIn } from "./values.js";
import { webStorage } from "./wasm/tokenkeeper.js";
import { LATE, within } from "./within.js";

const VERSION = 1;
const LENGTH = 10;
const DEADLINE = 5000;
const PROBE = "tokenkeeper:probe"; // no manager's key

// What the store holds where that is no record, as Keeper::found takes it.
const NOTHING = 0;
const UNREADABLE = 1;
const UNKNOWN = 2;

// What the store is that the caller chose: their own, a web storage, or nothing but memory.
export function placeOf(storage) {
  if (typeof storage !== "string") return { custom: storage, shared: true };
  if (storage === "memory") return { shared: false };
  const shared = storage === "local";
  try {
    const web = window[`${storage}Storage`];
    if (web) return { web, shared };
  } catch {
    // forbidden, or there is no window
  }
  return { unusable: true, shared: false };
}

export class Store extends Receipts {
  #custom;
  #web;
  #shared;
  #memory; // the text that is kept in place of both
  #key;
  #queue = Promise.resolve();
  #written; // to the caller's own store, and how often
  #writes = 0;

  constructor({ place, key }) {
    super();
    this.#shared = place.shared;
    this.#custom = place.custom;
    this.#web = place.web;
    this.#key = key;
  }

  // What the caller's own store holds, and when it was asked, for show(), which reads the others itself.
  async read() {
    const at = this.#writes;
    return { at, text: this.#custom && textOf(await this.#inTurn((store, key) => store.get(key)).catch(() => undefined)) };
  }

  // Tells the keeper what the store holds, in the same task as what is to be judged by it.
  show(own) {
    const { keeper } = this;
    let text = this.#memory;
    // What was read before a write of our own says nothing any more.
    if (this.#custom) text = own.at === this.#writes ? own.text : this.#written;
    try {
      if (this.#web) text = textOf(this.#web.getItem(this.#key));
    } catch {
      this.#fallBack();
      return keeper.found(UNKNOWN);
    }
    if (text === undefined) return keeper.found(NOTHING);
    const record = json(text);
    const [version, family, generation, , , , received, lifetime, refreshExpires] = numbersIn(record, LENGTH);
    if (version !== VERSION || record.length !== LENGTH) return keeper.found(UNREADABLE);
    const [, , , access, refresh, name, , , , scope] = record;
    const paired = refresh === null ? name === null : isToken(refresh) && typeof name === "string";
    if (!isToken(access) || !paired) return keeper.found(UNREADABLE);
    const receipt = this.receiptFor({ access, refresh, name, scope });
    keeper.stored(receipt, refresh !== null, typeof scope === "string", family, generation, received, lifetime, refreshExpires);
  }

  // Writes a session: the numbers of its record, and what came with these receipts.
  store(family, generation, received, lifetime, refreshExpires, ...receipts) {
    const [{ access }, { refresh, name }, { scope }] = receipts.map((receipt) => this.contentOf(receipt));
    // JSON writes null for what nothing tells, be it NaN or undefined.
    const text = JSON.stringify([VERSION, family, generation, access, refresh, name, received, lifetime, refreshExpires, scope]);
    if (this.#custom) {
      this.#writes += 1;
      this.#written = text;
      this.#inTurn(async (store, key) => {
        try {
          await store.set(key, text);
        } catch {
          // What stays would be an old session, and outlive the logout.
          await store.remove(key);
          await store.set(key, text);
        }
      }).catch(() => {});
    } else if (this.#web) {
      this.#try((web, key) => {
        try {
          web.setItem(key, text);
        } catch {
          // The same; and a full store has room for a record of the same size once the old one is gone.
          web.removeItem(key);
          web.setItem(key, text);
        }
      });
    } else {
      this.#memory = text;
    }
  }

  // Sees whether the store takes anything, before there is something to lose. A full one that holds a session has room for
  // the next.
  probe() {
    if (!this.#web) return;
    this.#try((web, key) => {
      if (web.getItem(key) !== null) return;
      web.setItem(PROBE, PROBE);
      web.removeItem(PROBE);
    });
  }

  // Empties the store, unless what it holds is newer than this.
  erase(family, generation) {
    this.#writes += 1;
    this.#written = undefined;
    const newer = (text) => {
      this.show({ at: this.#writes, text });
      return this.keeper.outlives(family, generation);
    };
    if (this.#custom) {
      this.#inTurn(async (store, key) => {
        if (newer(textOf(await store.get(key)))) return;
        try {
          await store.remove(key);
        } catch {
          await store.set(key, ""); // for what stays would be logged in
        }
      }).catch(() => {});
    } else if (!newer()) {
      this.#memory = undefined;
      if (this.#web) this.#try((web, key) => web.removeItem(key));
    }
  }

  // Resolves when the caller's own store has what it was given, so that a reload finds it.
  get settled() {
    return this.#queue;
  }

  // From here on, memory.
  #fallBack() {
    if (!this.#custom && !this.#web) return;
    this.#custom = this.#web = undefined;
    this.keeper.storeFailed();
  }

  // The module is asked for a web storage that is there: an exception on its way through would cost it some of its stack.
  #try(use) {
    try {
      use(webStorage(this.#shared), this.#key);
    } catch {
      this.#fallBack();
    }
  }

  // The caller's own store: one use after the other, so that an erasure that began before a write does not end after it;
  // each within a deadline, since it may hang.
  #inTurn(use) {
    const turn = this.#queue.then(() => within(DEADLINE, use(this.#custom, this.#key)));
    // The first to hear of a failure: it is known before what was read is used.
    this.#queue = turn.then((done) => done === LATE && this.#fallBack(), () => this.#fallBack());
    return turn;
  }
}

// What a store has brought: anything but a text is nothing.
function textOf(found) {
  return typeof found === "string" ? found : undefined;
}

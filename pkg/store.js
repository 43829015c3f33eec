// Where the session is kept: a web storage, memory, or the caller's own store. What cannot be used is replaced by memory,
// so that the page goes on (P4, P23).

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
export const placeOf = ((storage) => {
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
});

// The store's part of a desk (face.js).
export const storeOf = ((desk, { place, key }) => {
  let { custom, web } = place;
  let memory; // the text that is kept in place of both
  let queue = Promise.resolve();
  let written; // to the caller's own store, and how often
  let writes = 0;

  // From here on, memory.
  function fallBack() {
    if (!custom && !web) return;
    custom = web = undefined;
    desk.keeper.storeFailed();
  }

  // The module is asked for a web storage that is there: an exception on its way through would cost it some of its stack.
  function tryWeb(use) {
    try {
      use(webStorage(place.shared));
    } catch {
      fallBack();
    }
  }

  // The caller's own store: one use after the other, so that an erasure that began before a write does not end after it;
  // each within a deadline, since it may hang.
  function inTurn(use) {
    const turn = queue.then(() => within(DEADLINE, use(custom)));
    // The first to hear of a failure: it is known before what was read is used.
    queue = turn.then((done) => done === LATE && fallBack(), () => fallBack());
    return turn;
  }

  return {
    // What the caller's own store holds, and when it was asked, for show(), which reads the others itself.
    read: (async function () {
      const at = writes;
      return { at, text: custom && textOf(await inTurn((store) => store.get(key)).catch(() => undefined)) };
    }),

    // Tells the keeper what the store holds, in the same task as what is to be judged by it.
    show: ((own) => {
      const { keeper } = desk;
      let text = memory;
      // What was read before a write of our own says nothing any more.
      if (custom) text = own.at === writes ? own.text : written;
      try {
        if (web) text = textOf(web.getItem(key));
      } catch {
        fallBack();
        return keeper.found(UNKNOWN);
      }
      if (text === undefined) return keeper.found(NOTHING);
      const record = json(text);
      const [version, family, generation, , , , received, lifetime, refreshExpires] = numbersIn(record, LENGTH);
      if (version !== VERSION || record.length !== LENGTH) return keeper.found(UNREADABLE);
      const [, , , access, refresh, name, , , , scope] = record;
      const paired = refresh === null ? name === null : isToken(refresh) && typeof name === "string";
      if (!isToken(access) || !paired) return keeper.found(UNREADABLE);
      const receipt = desk.receiptFor({ access, refresh, name, scope });
      keeper.stored(receipt, refresh !== null, typeof scope === "string", family, generation, received, lifetime, refreshExpires);
    }),

    // Writes a session: the numbers of its record, and what came with these receipts.
    store(family, generation, received, lifetime, refreshExpires, ...receipts) {
      const [{ access }, { refresh, name }, { scope }] = receipts.map(desk.contentOf);
      // JSON writes null for what nothing tells, be it NaN or undefined.
      const text = JSON.stringify([VERSION, family, generation, access, refresh, name, received, lifetime, refreshExpires, scope]);
      if (custom) {
        writes += 1;
        written = text;
        inTurn(async (store) => {
          try {
            await store.set(key, text);
          } catch {
            // What stays would be an old session, and outlive the logout.
            await store.remove(key);
            await store.set(key, text);
          }
        }).catch(() => {});
      } else if (web) {
        tryWeb((storage) => {
          try {
            storage.setItem(key, text);
          } catch {
            // The same; and a full store has room for a record of the same size once the old one is gone.
            storage.removeItem(key);
            storage.setItem(key, text);
          }
        });
      } else {
        memory = text;
      }
    },

    // Sees whether the store takes anything, before there is something to lose. A full one that holds a session has room for
    // the next.
    probe() {
      if (!web) return;
      tryWeb((storage) => {
        if (storage.getItem(key) !== null) return;
        storage.setItem(PROBE, PROBE);
        storage.removeItem(PROBE);
      });
    },

    // Empties the store, unless what it holds is newer than this.
    erase(family, generation) {
      writes += 1;
      written = undefined;
      const newer = (text) => {
        desk.show({ at: writes, text });
        return desk.keeper.outlives(family, generation);
      };
      if (custom) {
        inTurn(async (store) => {
          if (newer(textOf(await store.get(key)))) return;
          try {
            await store.remove(key);
          } catch {
            await store.set(key, ""); // for what stays would be logged in
          }
        }).catch(() => {});
      } else if (!newer()) {
        memory = undefined;
        if (web) tryWeb((storage) => storage.removeItem(key));
      }
    },

    // Resolves when the caller's own store has what it was given, so that a reload finds it.
    settled: () => queue,
  };
});

// What a store has brought: anything but a text is nothing.
const textOf = ((found) => (typeof found === "string" ? found : undefined));

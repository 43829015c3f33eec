// The hands of the shell: what is asynchronous about the platform. They decide nothing; each does
// one thing for the keeper (src/web/keeper.rs) and tells it what came of it.

// Locks, channels and IndexedDB may each be missing: the core knows how to do without.

import { claimsOf } from "./decode.js";
import { transact } from "./ledger.js";
import { answerOf, loginRequest, logoutRequest, refreshRequest } from "./server.js";
import { numbersIn } from "./values.js";
import { LATE, within } from "./within.js";

const PREFIX = "tokenkeeper:";
const LONGEST = 2 ** 31 - 1; // more is taken for no delay at all; whoever is woken early asks again
const LEDGER_DEADLINE = 1000;
const LOGIN = true; // which call it is, as the keeper takes it
const REFRESH = false;

// The hands' part of a desk (face.js).
export const handsOf = ((desk, settings) => {
  const { server, place, paged } = settings;
  const name = PREFIX + settings.name + (paged ? "" : `:${numberOf(place.custom ?? desk)}`);
  const locks = new Map();
  const listening = []; // what ends it; a signal would cost a start more
  let timer;
  let channel;
  let ledgerBroken = false;
  let noted;
  let leaving; // the logouts' calls

  // The authorization server

  // `id` is the ticket of a login, the attempt of a refresh. `subject` is whose token it was (RFC 7519 section 4.1.2), where the
  // next may be somebody else's.
  async function call(login, id, request, subject) {
    const heard = await send(request, { keepalive: false }).catch(() => undefined);
    if (!heard || heard === LATE) return desk.keeper.unheard(login, id, heard === LATE);
    const [response, text] = heard;
    const { html, invalidGrant, content, times } = answerOf(server, response, text, login);
    const another = !!subject && (claimsOf(content.access)?.sub ?? subject) !== subject;
    desk.keeper.heard(login, id, response, html, invalidGrant, desk.receiptFor(content), !!content.access, !!content.refresh, !!content.scope, another, ...times);
  }

  // The response and its whole body; LATE after the request timeout, nothing where there is no request.
  async function send(request, init) {
    const controller = new AbortController();
    const answer = async () => {
      const sent = await request;
      if (!sent) return undefined;
      const response = await fetch(sent, { ...init, signal: controller.signal });
      return [response, await response.text()];
    };
    const heard = await within(settings.timeout, answer());
    if (heard === LATE) controller.abort();
    return heard;
  }

  // Other tabs and the page

  async function seen(then) {
    const own = await desk.read();
    then?.();
    desk.show(own);
    desk.keeper.seen();
  }

  async function woken() {
    if (globalThis.document?.visibilityState === "hidden") return;
    desk.show(await desk.read());
    desk.keeper.woken();
  }

  const on = ((target, type, listener) => {
    target?.addEventListener?.(type, listener);
    listening.push(() => target?.removeEventListener?.(type, listener));
  });

  // Messages of other tabs: opened once, and before this one looks into its ledger or tells something.
  function openChannel() {
    if (channel || desk.ended || !(paged || place.shared)) return;
    try {
      channel = new BroadcastChannel(name);
      channel.unref?.();
      on(channel, "message", ({ data }) => seen(() => desk.keeper.told(...numbersIn(data, 3))));
    } catch {
      // missing, or forbidden as storage is
    }
  }

  // The ledger, a record in IndexedDB that orders the tabs where localStorage cannot

  // What the ledger says or, given an entry, whether it took that. Undefined where there is none, or it
  // hangs: then it is not asked again before it has answered after all.
  async function ledger(mode, entry) {
    const { contended, deadline } = settings;
    if (!contended || ledgerBroken) return undefined;
    const asked = transact(name, mode, entry, deadline);
    const read = await within(LEDGER_DEADLINE, asked).catch(() => undefined);
    if (read !== LATE) return read;
    ledgerBroken = true;
    asked.catch(() => {}).then(() => (ledgerBroken = false));
  }

  return {
    // Starts listening to other tabs, and resolves when it is known who is logged in. What wakes a page is listened to a moment
    // later: it has just looked. So are messages where it looks into store and ledger again, since a channel takes its time.
    begin: (async function () {
      if (place.unusable) desk.keeper.storeFailed();
      if (settings.cookie) desk.probe(); // since a session may come without a login
      // The way to hear of other tabs that works without channels; `null` is a store emptied whole.
      on(globalThis, "storage", (event) => (event.key === settings.key || event.key === null) && seen());
      if (!place.web || !place.shared) openChannel();
      desk.show(await desk.read());
      const opening = desk.ask(((ticket) => desk.keeper.open(ticket))).catch(() => {}); // nobody: no error here
      setTimeout((() => {
        if (desk.ended) return;
        openChannel();
        for (const type of ["online", "pageshow", "focus"]) on(globalThis, type, woken);
        on(globalThis.document, "visibilitychange", woken);
      }));
      await opening;
      setTimeout(desk.opened);
    }),

    // Hears of nothing any more; what is under way is brought to its end.
    end() {
      desk.ended = true;
      desk.silence();
      for (const stop of listening) stop();
      desk.keeper.close();
      channel?.close();
      channel = undefined;
    },

    want: () => desk.ask((ticket) => desk.keeper.want(ticket)),

    // Every feed of the keeper ends here.
    alarm: ((millis) => {
      desk.forget();
      clearTimeout(timer);
      if (millis < 0) return;
      timer = setTimeout(() => desk.keeper.tick(), Math.min(Math.ceil(millis), LONGEST));
      timer?.unref?.(); // Node may end although this timer is set
    }),

    async login(credentials) {
      const request = loginRequest(server, credentials);
      desk.probe();
      const reply = desk.ask((ticket) => desk.keeper.loggingIn(ticket));
      try {
        // The answer to a logout takes the cookie along: it must not be the next one. A login that is over by then is not sent.
        await Promise.race([reply, settings.cookie && leaving]);
        call(LOGIN, reply.ticket, request());
      } catch (error) {
        desk.keeper.unheard(LOGIN, reply.ticket, false);
        throw error;
      }
      return reply;
    },

    refresh(attempt, refresh) {
      const request = refreshRequest(server, desk.contentOf(refresh)).catch(report);
      call(REFRESH, attempt, request, settings.cookie && desk.session?.claims?.sub);
    },

    // Says that a session is over, best effort; `keepalive` lets the message outlive the page.
    async over(ticket, access, refresh) {
      const request = logoutRequest(server, desk.contentOf(access), desk.contentOf(refresh)).catch(report);
      const before = leaving;
      await (leaving = send(request, { keepalive: true }).catch(() => {}).then(() => before));
      await Promise.all([noted, desk.settled()]); // so that a reload finds no session any more
      desk.answer(ticket);
    },

    // One lock around a refresh. It is never stolen: a thief breaks what the holder is in the middle
    // of. Where locks are missing or forbidden (an opaque origin), there is none to be had.
    // It is waited for longer than an honest holder needs: who goes on without it while another
    // refreshes would send the same token.
    async lock(attempt) {
      const controller = new AbortController();
      const patience = setTimeout(() => controller.abort(), settings.deadline);
      try {
        await navigator.locks.request(name, { signal: controller.signal }, () => {
          clearTimeout(patience);
          const released = new Promise((release) => locks.set(attempt, release));
          desk.keeper.locked(attempt, true);
          return released;
        });
      } catch {
        clearTimeout(patience);
        desk.keeper.locked(attempt, false);
      }
    },

    unlock(attempt) {
      locks.get(attempt)?.();
      locks.delete(attempt);
    },

    tell(message) {
      openChannel();
      channel?.postMessage(message);
    },

    async look(attempt) {
      openChannel();
      const entry = await ledger("readonly");
      desk.show(await desk.read());
      desk.keeper.looked(attempt, entry !== undefined, ...numbersIn(entry, 3));
    },

    async note(attempt, entry) {
      noted = ledger("readwrite", entry);
      desk.keeper.noted(attempt, (await noted) === true);
    },
  };
});

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

// Two bars that run down to expiry and refill at a refresh.

import { byId, span } from "./dom.js";

const EVERY_MS = 200;
const MARGIN = 0.25; // of an access token's life, as the manager has it for short-lived ones

export class Clocks {
  #clocks = [new Clock(byId("access-clock")), new Clock(byId("refresh-clock"))];

  constructor() {
    setInterval(() => this.#tick(), EVERY_MS);
  }

  // `renewed`: the tokens came in this moment, so what is left is the whole life.
  show(session, { renewed, cookie, renew }) {
    const [access, refresh] = this.#clocks;
    const { iat, exp } = session?.claims ?? {};
    const life = (exp - iat) * 1000;
    access.set(session?.expiresAt, { life, renewed, none: session ? "does not say" : "none", margin: renew ? MARGIN : 0 });
    const none = session && cookie && renew ? "in the cookie" : "none";
    refresh.set(session?.refreshExpiresAt, { renewed, none, margin: 0 });
    this.#tick();
  }

  #tick() {
    for (const clock of this.#clocks) clock.tick();
  }
}

class Clock {
  #box;
  #left;
  #fill;
  #until = null;
  #life = 0;
  #none = "none";
  #margin = 0;

  constructor(box) {
    this.#box = box;
    this.#left = box.querySelector(".left");
    this.#fill = box.querySelector("i");
  }

  set(until, { life, renewed, none, margin }) {
    const remains = until - Date.now();
    if (until !== this.#until) this.#life = life || (renewed ? remains : Math.max(remains, this.#life));
    this.#until = until ?? null;
    this.#none = none;
    this.#margin = margin;
  }

  tick() {
    const remains = this.#until === null ? 0 : Math.max(0, this.#until - Date.now());
    const part = Math.min(1, remains / this.#life) || 0;
    const state = this.#until === null ? "none" : remains === 0 ? "expired" : part <= this.#margin ? "due" : "good";
    const texts = { none: this.#none, expired: "expired", due: `${span(remains)}, refresh due`, good: span(remains) };
    this.#box.dataset.state = state;
    this.#box.classList.toggle("renews", this.#margin > 0);
    if (this.#left.textContent !== texts[state]) this.#left.textContent = texts[state];
    this.#fill.style.transform = `scaleX(${part})`;
  }
}

// Time that passes when a test says so: what there is of it in a platform, for the core to live in.

export class Clock {
  #now;
  #start;
  #ids = 0;
  #timers = new Map();
  #settled;

  constructor(now, settled) {
    this.#now = this.#start = now;
    this.#settled = settled;
  }

  now() {
    return this.#now;
  }

  // Timers ring in order, each at its moment and after all that came before has come to its end.
  async advance(millis) {
    const end = this.#now + millis;
    await this.#settled();
    for (let next; (next = this.#next(end)); ) {
      const [id, { at, ring }] = next;
      this.#timers.delete(id);
      this.#now = at;
      ring();
      await this.#settled();
    }
    this.#now = end;
  }

  #next(end) {
    const due = [...this.#timers].filter(([, { at }]) => at <= end);
    return due.sort(([, one], [, other]) => one.at - other.at)[0];
  }

  get platform() {
    return {
      Date: Object.assign(Object.create(Date), { now: () => this.#now }),
      performance: { now: () => this.#now - this.#start },
      setTimeout: (ring, millis = 0, ...values) => {
        this.#timers.set(++this.#ids, { at: this.#now + millis, ring: () => ring(...values) });
        return this.#ids;
      },
      clearTimeout: (id) => this.#timers.delete(id),
    };
  }
}

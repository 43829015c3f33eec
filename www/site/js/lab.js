// The server's lab: makes it misbehave on request. Not part of the scenario, so it is not in the diagram's traffic.

export class Lab {
  #fetch;

  constructor(fetch) {
    this.#fetch = fetch;
  }

  async #post(path, body = {}) {
    const headers = { "content-type": "application/json" };
    const response = await this.#fetch(`/lab/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`The lab answered ${response.status}.`);
  }

  // Whether the server was started with it.
  isOpen() {
    return this.#post("settings").then(() => true, () => false);
  }

  expireAccess(username) {
    return this.#post("expire-access", { username });
  }

  expireRefresh(username) {
    return this.#post("expire-refresh", { username });
  }

  async breakRefresh(kind) {
    await this.#post("settings", { grace: kind === "grace" ? 10 : 0 });
    await this.#post("refresh-faults", { faults: [FAULTS[kind]] });
  }
}

const FAULTS = {
  before: { kind: "drop-before" },
  after: { kind: "drop-after" },
  grace: { kind: "drop-after" },
  503: { kind: "status", status: 503 },
};

// What stands behind the receipts (src/core/receipt.rs): tokens, scopes, a server's own words. The machine never sees them.

export class Receipts {
  keeper; // once there is one
  #contents = new Map();
  #receipts = 0;

  receiptFor(content) {
    this.#contents.set(++this.#receipts, content);
    return this.#receipts;
  }

  contentOf(receipt) {
    return this.#contents.get(receipt) ?? {};
  }

  // Forgets what nobody will ask for any more: after a logout, all of it.
  forget() {
    for (const receipt of this.#contents.keys()) if (!this.keeper.needs(receipt)) this.#contents.delete(receipt);
  }
}

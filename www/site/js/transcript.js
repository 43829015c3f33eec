// The messages in the order in which they happened: what the diagram draws and the list tells.
// Equal calls of the resource server at almost the same moment are one row with a count, and so are
// equal answers to them.

const TOGETHER_MS = 800;
const KEPT = 120;

export class Transcript {
  rows = [];
  #changed;

  constructor(changed) {
    this.#changed = changed;
  }

  // Each returns its row; `count` is 1 for a new one.
  request(call, words) {
    const row = this.#add({ kind: "request", lane: call.server, about: call.path, ...words });
    call.row = row;
    return row;
  }

  answer(call, words) {
    return this.#add({ kind: "answer", lane: call.server, about: call.path, ...words, to: call.row });
  }

  note(lane, title) {
    return this.#add({ kind: "note", lane, title, detail: "" });
  }

  #add(row) {
    const at = Date.now();
    const same = row.lane === "api" && this.rows.slice(-12).find((other) => alike(row, other) && (row.to || at - other.touched < TOGETHER_MS));
    if (same) {
      same.count += 1;
      same.touched = at;
      this.#changed(same, false);
      return same;
    }
    const added = { ...row, at, touched: at, count: 1 };
    this.rows.push(added);
    if (this.rows.length > KEPT) this.rows.splice(0, KEPT / 3);
    this.#changed(added, true);
    return added;
  }
}

function alike(one, other) {
  return ["kind", "about", "to", "title", "detail", "outcome"].every((name) => one[name] === other[name]);
}

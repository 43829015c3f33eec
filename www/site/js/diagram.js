// Draws the transcript: three lifelines, and an arrow for each message.

import { clockTime, element, svg } from "./dom.js";
import { nameOf } from "./words.js";

const LANES = ["client", "auth", "api"];
const ROW = 38;
const LINE = 27; // where in its row an arrow runs
const TOP = 10;
const ROOM_FOR_TIMES = 560;
const OUTCOMES = { ok: "accepted", refused: "refused", failed: "failed", lost: "lost" };

export class Diagram {
  #scroller = document.getElementById("diagram");
  #svg = document.getElementById("arrows");
  #empty = document.getElementById("diagram-empty");
  #list = document.getElementById("in-words");
  #transcript;
  #drawn = new Map();
  #width = 0;
  #back;
  #front;

  constructor(transcript) {
    this.#transcript = transcript;
    new ResizeObserver(() => this.#resized()).observe(this.#scroller);
  }

  changed(row, isNew) {
    const first = this.#transcript.rows[0];
    if (isNew && this.#drawn.size > 0 && !this.#drawn.has(first)) return this.#redraw();
    const atEnd = this.#isAtEnd();
    this.#draw(row, isNew);
    if (isNew) this.#fit();
    if (isNew && atEnd) this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight < 2 * ROW;
  }

  #resized() {
    if (this.#scroller.clientWidth !== this.#width) this.#redraw();
    else this.#fit();
  }

  #redraw() {
    this.#width = this.#scroller.clientWidth;
    this.#drawn.clear();
    this.#back = svg("g");
    this.#front = svg("g");
    this.#svg.replaceChildren(...LANES.map((lane) => svg("line", { class: "lifeline", x1: this.#x(lane), x2: this.#x(lane), y1: 0, y2: "100%" })), this.#back, this.#front);
    this.#list.replaceChildren();
    for (const row of this.#transcript.rows) this.#draw(row, false);
    if (this.#transcript.rows.length === 0) this.#list.append(element("li", {}, "Nothing yet."));
    this.#fit();
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #fit() {
    const { rows } = this.#transcript;
    this.#empty.hidden = rows.length > 0;
    this.#svg.setAttribute("height", TOP + rows.length * ROW + 8);
  }

  #x(lane) {
    return Math.round((this.#width * (2 * LANES.indexOf(lane) + 1)) / 6);
  }

  #y(row) {
    return TOP + this.#transcript.rows.indexOf(row) * ROW;
  }

  #draw(row, isNew) {
    if (this.#drawn.size === 0) this.#list.replaceChildren();
    const before = this.#drawn.get(row);
    const arrow = row.kind === "note" ? this.#note(row) : this.#message(row);
    arrow.setAttribute("transform", `translate(0 ${this.#y(row)})`);
    if (isNew) arrow.classList.add("new");
    const item = element("li", {}, inWords(row));
    if (before) {
      before.arrow.replaceWith(arrow);
      before.item.replaceWith(item);
    } else {
      this.#front.append(arrow);
      this.#list.append(item);
      if (row.to) this.#busy(row);
    }
    this.#drawn.set(row, { arrow, item });
  }

  // From the request to its answer the server is at work.
  #busy(row) {
    if (!this.#transcript.rows.includes(row.to)) return;
    const y = this.#y(row.to) + LINE;
    this.#back.append(svg("rect", { class: "busy", x: this.#x(row.lane) - 4, width: 8, y, height: this.#y(row) + LINE - y, rx: 3 }));
  }

  #message(row) {
    const towards = row.kind === "request" ? 1 : -1;
    const client = this.#x("client") + 2;
    const server = this.#x(row.lane) - 5;
    const [start, goal] = towards > 0 ? [client, server] : [server, client];
    const lost = row.outcome === "lost";
    const end = lost ? (start + goal) / 2 : goal;
    const tip = lost
      ? svg("path", { class: "tip", d: `M${end - 5} ${LINE - 5}l10 10m0 -10l-10 10` })
      : svg("path", { class: "tip solid", d: `M${end} ${LINE}l${-9 * towards} -5v10z` });
    const line = svg("line", { class: "line", x1: start, x2: lost ? end : end - 8 * towards, y1: LINE, y2: LINE });
    const group = svg("g", { class: `message ${row.kind} ${row.outcome ?? "sent"} ${towards > 0 ? "out" : "back"}` });
    group.append(svg("g", { class: "arrow" }, line, tip), ...this.#label(row));
    return group;
  }

  #label(row) {
    const x = this.#x("client") + 12;
    const sign = row.kind === "answer" && SIGNS[row.outcome];
    const count = row.count > 1 ? [svg("tspan", { class: "count", dx: 6 }, `×${row.count}`)] : [];
    const text = svg(
      "text",
      { x: sign ? x + 17 : x, y: LINE - 9 },
      svg("tspan", { class: "title" }, row.title),
      svg("tspan", { class: "detail", dx: 6 }, row.detail),
      ...count,
    );
    const parts = [text];
    if (sign) parts.push(svg("path", { class: "sign", d: sign, transform: `translate(${x} ${LINE - 19})` }));
    if (this.#width >= ROOM_FOR_TIMES) parts.push(svg("text", { class: "time", x: 10, y: LINE + 4 }, clockTime(row.at)));
    return parts;
  }

  #note(row) {
    const group = svg("g", { class: `note ${row.lane}` });
    const narrow = this.#width < ROOM_FOR_TIMES;
    const width = Math.min(this.#width - 16, row.title.length * (narrow ? 6.1 : 6.6) + 26);
    const x = Math.min(Math.max(this.#x(row.lane) - width / 2, 8), this.#width - width - 8);
    group.append(
      svg("rect", { x, y: 7, width, height: 24, rx: 5 }),
      svg("text", { x: x + width / 2, y: 23, "text-anchor": "middle" }, row.title),
    );
    return group;
  }
}

// Told apart by shape as well as by colour: a disc with a tick, a diamond with a bar, a square with a cross.
const SIGNS = {
  ok: "M6 0a6 6 0 1 0 0 12a6 6 0 1 0 0-12zM5 9.2L2.2 6.4l1.2-1.2L5 6.8l3.6-3.6l1.2 1.2z",
  refused: "M6-1L13 6L6 13L-1 6zM3 5v2h6v-2z",
  failed: "M0 0h12v12h-12zM3.8 2.6L2.6 3.8L4.8 6L2.6 8.2L3.8 9.4L6 7.2L8.2 9.4L9.4 8.2L7.2 6L9.4 3.8L8.2 2.6L6 4.8z",
};

function inWords({ kind, lane, title, detail, outcome, count, at }) {
  if (kind === "note") return `${clockTime(at)} ${nameOf(lane)}: ${title}`;
  const [from, to] = kind === "request" ? ["client", nameOf(lane)] : [nameOf(lane), "client"];
  const times = count > 1 ? `, ${count} times` : "";
  const end = outcome ? ` (${OUTCOMES[outcome]})` : "";
  return `${clockTime(at)} ${from} to ${to}: ${[title, detail].filter(Boolean).join(", ")}${times}${end}`;
}

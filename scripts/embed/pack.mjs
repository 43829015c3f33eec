// Takes a WebAssembly module apart into a text that brotli makes smaller than the module: what is alike comes together,
// instructions with instructions, indices of locals with their like. unpack.wat is the way back.

import { number, reader, sectionOf, sections } from "../wasm.mjs";

const CODE = 10;
const END = 0x0b;
const LENGTH = 3; // bytes for the length of a function, once it is unpacked

// Instructions by what follows them. The streams are: this table as far as it is used, the instructions as places in it,
// and one for each kind of operand. unpack.wat knows them by their number, the last of them also for what is no function.
const KINDS = [
  { codes: [0x00, 0x01, 0x05, END, 0x0f, 0x1a, 0x1b, ...range(0x45, 0xc4), 0xd1] }, // nothing
  { codes: [0x41, 0x42], operand: signed }, // a constant
  { codes: range(0x28, 0x3e), operand: offset },
  { codes: range(0x20, 0x22), operand: index }, // of a local
  { codes: [0x10], operand: index }, // of a function
  { codes: range(0x02, 0x04), operand: index }, // of a type
  { codes: [0x0c, 0x0d], operand: index }, // of a block
  { codes: [0x23, 0x24], operand: index }, // of a global
  { codes: [0x0e, 0x11, 0x1c, 0x25, 0x26, 0x3f, 0x40, 0x43, 0x44, 0xd0, 0xd2, 0xfc], operand: other },
];

export function pack(bytes) {
  const all = sections(bytes);
  const at = all.findIndex(({ id }) => id === CODE);
  const bodies = bodiesIn(all[at].content);

  // The first place is for the end of a function, all others for one instruction each.
  const used = new Set(bodies.flatMap(({ instructions }) => instructions.map(({ code }) => code)));
  const table = KINDS.map(({ codes }) => codes.filter((code) => used.has(code)));
  table[0].unshift(END);
  const place = new Map(table.flat().map((code, i) => [code, i]));

  const streams = [table.map(counted).join(""), ...KINDS.map(() => "")];
  const last = streams.length - 1;
  const count = number(bodies.length);
  const length = bodies.reduce((sum, { size }) => sum + LENGTH + size, count.length);
  streams[last] += counted([...bytes.subarray(0, 8), ...all.slice(0, at).flatMap(sectionOf), CODE, ...number(length), ...count]);
  streams[last] += digits(bodies.length);
  for (const { locals, instructions } of bodies) {
    streams[last] += counted(locals);
    for (const [i, { code, kind, text }] of instructions.entries()) {
      streams[1] += character(i < instructions.length - 1 ? place.get(code) : 0);
      streams[kind + 1] += text;
    }
  }
  streams[last] += counted(all.slice(at + 1).flatMap(sectionOf));
  return streams.map((text) => `${text}~`).join("");
}

function bodiesIn(code) {
  const read = reader(code);
  return Array.from({ length: read.number() }, () => {
    const size = read.number();
    const body = reader(read.bytes(size));
    for (let groups = body.number(); groups > 0; groups--) {
      body.number();
      body.byte();
    }
    const locals = body.since(0);
    const instructions = [];
    while (body.at < size) instructions.push(instruction(body));
    return { size, locals, instructions };
  });
}

function instruction(body) {
  const code = body.byte();
  const kind = KINDS.findIndex(({ codes }) => codes.includes(code));
  if (kind < 0) throw new Error(`The instruction 0x${code.toString(16)} is not known.`);
  return { code, kind, text: KINDS[kind].operand?.(body, code) ?? "" };
}

// Operands as text

function index(body) {
  return digits(body.number());
}

function offset(body) {
  if (body.byte() !== 0) throw new Error("A load or store says how it is aligned: run wasm-opt --dealign.");
  return index(body);
}

// 0, -1, 1, -2, 2 and so on become 0, 1, 2, 3, 4.
function signed(body) {
  const from = body.at;
  while (body.byte() > 127);
  const bytes = body.since(from);
  const value = bytes.reduceRight((value, byte) => (value << 7n) | BigInt(byte & 127), 0n);
  return digits(bytes.at(-1) & 64 ? 2n * (1n << BigInt(7 * bytes.length)) - 2n * value - 1n : 2n * value);
}

function other(body, code) {
  const from = body.at;
  const numbers = (count) => {
    for (; count > 0; count--) body.number();
  };
  if (code === 0x0e) numbers(body.number() + 1); // br_table
  else if (code === 0x1c) numbers(body.number()); // select
  else if (code === 0x11) numbers(2); // call_indirect
  else if (code === 0x43) body.bytes(4); // f32.const
  else if (code === 0x44) body.bytes(8); // f64.const
  else if (code === 0xfc) numbers(BULK[body.number()] ?? 0);
  else numbers(1);
  return counted(body.since(from));
}

// How many numbers follow: the first of these instructions convert, the others are about memories and tables.
const BULK = { 8: 2, 9: 1, 10: 2, 11: 1, 12: 2, 13: 1, 14: 2, 15: 1, 16: 1, 17: 1 };

// Characters: ASCII without `"` and `\`, so no charset and no minifier has anything to change. Up to 88 it is one,
// beyond that two, of which the first is " " or "!".

function character(byte) {
  if (byte < 89) return String.fromCharCode(35 + byte + (byte > 56));
  return String.fromCharCode(32 + Math.floor((byte - 89) / 84)) + character((byte - 89) % 84);
}

// Up to 56 it is one digit; with a larger one more follow.
function digits(value) {
  if (value < 57) return character(Number(value));
  const rest = BigInt(value) - 57n;
  return character(57 + Number(rest % 32n)) + digits(rest / 32n);
}

function counted(bytes) {
  return digits(bytes.length) + Array.from(bytes, character).join("");
}

function range(first, last) {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

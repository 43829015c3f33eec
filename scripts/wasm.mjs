// Takes a WebAssembly module apart, as far as this folder's scripts need it, and puts it together under other names.

function sections(bytes) {
  const list = [];
  for (const read = reader(bytes, 8); read.at < bytes.length; ) {
    const id = read.byte();
    list.push({ id, content: read.bytes(read.number()) });
  }
  return list;
}

function reader(bytes, at = 0) {
  return {
    at,
    byte() {
      return bytes[this.at++];
    },
    number() {
      for (let value = 0, shift = 0; ; shift += 7) {
        const byte = this.byte();
        value += (byte & 127) * 2 ** shift;
        if (byte < 128) return value;
      }
    },
    bytes(length) {
      return bytes.subarray(this.at, (this.at += length));
    },
    text() {
      return new TextDecoder().decode(this.bytes(this.number()));
    },
  };
}

function number(value) {
  const bytes = [];
  do bytes.push((value % 128) + (value >= 128 ? 128 : 0));
  while ((value = Math.floor(value / 128)));
  return bytes;
}

const text = (value) => [...number(value.length), ...new TextEncoder().encode(value)];
const sectionOf = ({ id, content }) => [id, ...number(content.length), ...content];

const CUSTOM = 0, IMPORT = 2, EXPORT = 7, ELEMENT = 9, CODE = 10;
const FUNCTION = 0, FUNCTION_NAMES = 1;
const NO_LOCALS = 0, CALL = 0x10, END = 0x0b;

const fail = (message) => {
  throw new Error(message);
};

// Every function with its size in bytes and its name, if the module has names; the largest first.
export function functions(bytes) {
  const names = functionNames(bytes);
  return bodiesOf(bytes)
    .map(({ index, body }) => ({ size: body.length, name: names.get(index) ?? `function ${index}` }))
    .sort((a, b) => b.size - a.size);
}

function bodiesOf(bytes) {
  const bodies = [];
  let imported = 0;
  for (const { id, content } of sections(bytes)) {
    const read = reader(content);
    if (id === IMPORT) imported = read.number(); // functions are all that is imported
    if (id !== CODE) continue;
    for (let count = read.number(); count > 0; count--) bodies.push({ index: imported + bodies.length, body: read.bytes(read.number()) });
  }
  return bodies;
}

// The same module, several times: its functions have as names, to be ordered by, their places in a row in which each is followed
// by the one that has most in common with it, since compression finds what repeats. Each row begins with another function.
export function* inRows(bytes, count) {
  const bodies = bodiesOf(bytes).map(({ index, body }) => ({ index, parts: new Set(Array.from(body, (_, at) => body.subarray(at, at + 4).join())) }));
  const common = (one, other) => [...one.parts].filter((part) => other.parts.has(part)).length / Math.sqrt(one.parts.size * other.parts.size);
  const likeness = bodies.map((one) => bodies.map((other) => common(one, other)));
  const others = sections(bytes).filter(({ id, content }) => id !== CUSTOM || reader(content).text() !== "name");
  for (let i = 0; i < count; i++) {
    const left = [...bodies.keys()];
    const row = left.splice(Math.floor((i * bodies.length) / count), 1);
    while (left.length > 0) {
      const like = likeness[row.at(-1)];
      const next = left.reduce((best, each) => (like[each] > like[best] ? each : best));
      row.push(...left.splice(left.indexOf(next), 1));
    }
    const ascending = row.map((body, place) => ({ body, place })).sort((a, b) => a.body - b.body);
    const names = ascending.flatMap(({ body, place }) => [...number(bodies[body].index), ...text(String(place).padStart(4, "0"))]);
    const part = [...number(row.length), ...names];
    const content = [...text("name"), FUNCTION_NAMES, ...number(part.length), ...part];
    yield Uint8Array.from([...bytes.subarray(0, 8), ...[...others, { id: CUSTOM, content }].flatMap(sectionOf)]);
  }
}

function functionNames(bytes) {
  const names = new Map();
  for (const { id, content } of sections(bytes)) {
    const read = reader(content);
    if (id !== CUSTOM || read.text() !== "name") continue;
    while (read.at < content.length) {
      const kind = read.byte();
      const part = reader(read.bytes(read.number()));
      if (kind !== FUNCTION_NAMES) continue;
      for (let count = part.number(); count > 0; count--) names.set(part.number(), part.text());
    }
  }
  return names;
}

// The same module under other names: `import` gives an imported function's module and name, `export` a name, or
// undefined for what is not to be exported. A function that `isDead` by its name loses its place in the table; one for which
// `instead` has another's name does no more than call that one.
export function renamed(bytes, { isDead, instead, ...rename }) {
  const names = functionNames(bytes);
  const indexOf = (wanted) => [...names].find(([, name]) => wanted.test(name))?.[0] ?? fail(`There is no ${wanted}.`);
  let imported = 0;
  const rewrite = {
    [IMPORT]({ content }) {
      const read = reader(content);
      imported = read.number();
      const out = [...number(imported)];
      for (let i = 0; i < imported; i++) {
        read.text();
        const [module, name] = rename.import(read.text());
        if (read.byte() !== FUNCTION) throw new Error("Something other than functions is imported.");
        out.push(...text(module), ...text(name), FUNCTION, ...number(read.number()));
      }
      return out;
    },
    [EXPORT]({ content }) {
      const read = reader(content);
      const out = [];
      let kept = 0;
      for (let count = read.number(); count > 0; count--) {
        const name = rename.export(read.text());
        const [kind, index] = [read.byte(), read.number()];
        if (name === undefined) continue;
        out.push(...text(name), kind, ...number(index));
        kept++;
      }
      return [...number(kept), ...out];
    },
    [ELEMENT]({ content }) {
      const read = reader(content);
      const [segments, kind, constant, offset, end] = read.bytes(5);
      if (segments !== 1 || kind !== 0 || constant !== 0x41 || offset > 127 || end !== 0x0b) throw new Error("The table is not filled as expected.");
      const indices = Array.from({ length: read.number() }, () => read.number());
      const living = indices.filter((index) => !isDead(names.get(index)));
      const filled = indices.map((index) => (living.includes(index) ? index : living[0]));
      return [...content.subarray(0, 5), ...number(filled.length), ...filled.flatMap(number)];
    },
  };
  rewrite[CODE] = ({ content }) => {
    const read = reader(content);
    const count = read.number();
    const out = [...number(count)];
    for (let i = 0; i < count; i++) {
      const body = read.bytes(read.number());
      const other = instead(names.get(imported + i));
      const written = other ? [NO_LOCALS, CALL, ...number(indexOf(other)), END] : body;
      for (const byte of number(written.length)) out.push(byte);
      for (const byte of written) out.push(byte);
    }
    return out;
  };
  const parts = sections(bytes).map((section) => {
    const content = rewrite[section.id]?.(section) ?? section.content;
    return Buffer.from(sectionOf({ id: section.id, content }));
  });
  return Buffer.concat([bytes.subarray(0, 8), ...parts]);
}

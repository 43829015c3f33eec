import { equal, ok, rejection, test } from "../lib/harness.js";

// RFC 7515 appendix A.1.
const rfc = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

const base64url = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

test("decodeJwt takes the token of RFC 7515 apart, synchronously", async (t) => {
  const { header, claims, signature } = t.tk.decodeJwt(rfc);
  equal(header, { typ: "JWT", alg: "HS256" });
  equal(claims, { iss: "joe", exp: 1300819380, "http://example.com/is_root": true });
  ok(signature instanceof Uint8Array && signature.length === 32 && signature[0] === 116, "32 bytes of signature");
});

test("decodeJwt reads claims beyond ASCII", async (t) => {
  const token = `${base64url('{"alg":"none"}')}.${base64url('{"name":"Zoë 猫 🐈"}')}.`;
  equal(t.tk.decodeJwt(token).claims, { name: "Zoë 猫 🐈" });
  equal(t.tk.decodeJwt(token).signature.length, 0);
});

const [header, claims, signature] = rfc.split(".");
const broken = {
  "two parts": `${header}.${claims}`,
  "four parts": `${rfc}.x`,
  "padding": `${header}=.${claims}.${signature}`,
  "plain base64": `${header}.${claims}.+/+/`,
  "a space": `${header}. ${claims}.${signature}`,
  "invalid UTF-8": `${header}._w.${signature}`,
  "no JSON": `${header}.${base64url("{")}.${signature}`,
  "a JSON array": `${header}.${base64url("[]")}.${signature}`,
  "a header of null": `${base64url("null")}.${claims}.${signature}`,
  "nothing": "",
};
for (const [what, token] of Object.entries(broken)) {
  test(`decodeJwt throws bad_token at ${what}`, async (t) => {
    await t.fails(() => t.tk.decodeJwt(token), { code: "bad_token", retryable: false });
  });
}

test("decodeJwt says which rule was broken, each in its own words", async (t) => {
  const messages = await Promise.all(Object.values(broken).map(async (token) => (await rejection(() => t.tk.decodeJwt(token))).message));
  ok(new Set(messages).size >= 5, `different messages: ${[...new Set(messages)].join(" | ")}`);
  ok(Object.values(broken).every((token, i) => token === "" || !messages[i].includes(token)), "no token in a message");
});

test("decodeJwt judges all the same, whether the platform knows base64url or not", async (t) => {
  const outcome = (token) => {
    try {
      const { header, claims, signature } = t.tk.decodeJwt(token);
      return { header, claims, signature: [...signature] };
    } catch ({ code, message }) {
      return { code, message };
    }
  };
  const short = `${base64url('{"alg":"none"}')}.${base64url('{"n":"Zoë"}')}.c2ln`;
  const tokens = [...Object.values(broken), `e31.e30.`, `e30.e31.`, `e30.e30.c2l`, `e30.77u_e30.`, `e30.MTI.`, `e30..`];
  for (const payload of ['{"a":[{"b":1}]}', `{"long":"${"é".repeat(20000)}"}`]) tokens.push(`${base64url('{"jwk":{"kty":"EC"}}')}.${base64url(payload)}.`);
  for (let at = 0; at <= short.length; at += 1) {
    tokens.push(short.slice(0, at));
    for (const foreign of [" ", "\n", "=", "+", "/", ".", "_", "A", "é"]) {
      tokens.push(short.slice(0, at) + foreign + short.slice(at), short.slice(0, at) + foreign + short.slice(at + 1));
    }
  }
  const theirs = tokens.map(outcome);
  ok(theirs.some(({ claims }) => claims) && theirs.some(({ code }) => code), "tokens of both kinds");
  const { setFromBase64 } = Uint8Array.prototype;
  if (!setFromBase64) return; // then there is one way only
  delete Uint8Array.prototype.setFromBase64;
  try {
    tokens.forEach((token, i) => equal(outcome(token), theirs[i], token));
  } finally {
    Uint8Array.prototype.setFromBase64 = setFromBase64;
  }
});

test("a decoded token is its caller's own", async (t) => {
  t.tk.decodeJwt(rfc).header.alg = "none";
  t.tk.decodeJwt(rfc).signature.fill(0);
  const { header, signature } = t.tk.decodeJwt(rfc);
  equal([header.alg, signature[0]], ["HS256", 116]);
});

test("decodeJwt throws bad_token at what is no string", async (t) => {
  for (const value of [undefined, null, 7, {}, [rfc]]) await t.fails(() => t.tk.decodeJwt(value), { code: "bad_token" });
});

test("isTokenError knows our errors and no others", async (t) => {
  const ours = await rejection(() => t.tk.decodeJwt("x"));
  equal(t.tk.isTokenError(ours), true);
  for (const other of [new Error("x"), new TypeError("x"), { name: "TokenError", code: "network" }, null, undefined, "TokenError", Object.assign(new Error("x"), { code: "network" })]) {
    equal(t.tk.isTokenError(other), false);
  }
});

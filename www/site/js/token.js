// The access token taken apart. No token is shown anywhere else on the page.

import { decodeJwt } from "/pkg/index.js";
import { byId, clockTime, element } from "./dom.js";

const MEANINGS = {
  alg: () => "how it is signed",
  typ: () => "what it is",
  kid: () => "which key signed it",
  iss: () => "who issued it",
  sub: () => "whom it stands for",
  aud: () => "which server it is for",
  iat: (value) => `issued at ${clockTime(value * 1000)}`,
  nbf: (value) => `not before ${clockTime(value * 1000)}`,
  exp: (value) => `expires at ${clockTime(value * 1000)}`,
  jti: () => "its own number",
  name: () => "for display",
  roles: () => "what the user is",
  scope: () => "what it permits",
  sid: () => "the login it goes back to",
};

export function showToken(token, number, otherwise = "Nobody is logged in, so there is none.") {
  byId("token-title").textContent = token ? `The access token #${number}, taken apart` : "The access token, taken apart";
  byId("token").replaceChildren(...(token ? takenApart(token) : [element("p", { class: "none" }, otherwise)]));
}

function takenApart(token) {
  const { header, claims, signature } = decodeJwt(token);
  const names = ["header", "payload", "signature"];
  const raw = token.split(".").flatMap((part, at) => [at ? "." : "", element("span", { class: `part-${names[at]}` }, part)]);
  return [
    element("p", { class: "raw" }, element("code", {}, ...raw)),
    block("header", "Header", lines(header)),
    block("payload", "Payload", lines(claims)),
    block("signature", "Signature", [
      element("p", {}, `${signature.length} bytes. Whoever changes a letter above breaks it, and only a server with the key can tell.`),
    ]),
  ];
}

function block(name, title, content) {
  return element("div", { class: `block block-${name}` }, element("h3", {}, title), ...content);
}

function lines(object) {
  const rows = Object.entries(object).map(([name, value]) => {
    const meaning = MEANINGS[name]?.(value);
    const json = element("dd", {}, element("code", {}, JSON.stringify(value)));
    if (meaning) json.append(" ", element("small", {}, meaning));
    return element("div", {}, element("dt", {}, element("code", {}, name)), json);
  });
  return [element("dl", {}, ...rows)];
}

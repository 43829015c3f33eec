// Puts messages into words: a short label for the arrow, and one plain sentence.

const SERVER_NAMES = { auth: "authorization server", api: "resource server" };

export function nameOf(lane) {
  return lane === "client" ? "client" : SERVER_NAMES[lane];
}

export class Words {
  // The latest refusal of an access token, until something follows from it.
  #refused;

  request(call, session) {
    const label = { title: `${call.method} ${call.path}`, detail: carried(call) };
    if (call.cut) return { ...label, outcome: "lost", says: "There is no network (simulated): the request does not get out." };
    return { ...label, says: this.#requestSays(call, session) };
  }

  #requestSays(call, session) {
    switch (call.purpose) {
      case "login":
        return "The client sends name and password to the authorization server, this once.";
      case "logout":
        return "The session is already over here; the authorization server is told, so that the refresh token dies too.";
      case "refresh": {
        const means = call.cookie ? "The browser adds the HttpOnly cookie" : "The client sends its refresh token";
        if (!session) return "After a page load only the cookie can tell whether somebody is logged in, so the server is asked.";
        if (this.#refused) return `${means} and asks for a new access token, because the old one was refused.`;
        return `${means} and asks for a new access token.`;
      }
      default:
        if (!call.token) return "Nobody is logged in, so the request goes out without a token.";
        if (this.#refused?.path === call.path && this.#refused.token < call.token) {
          this.#refused = undefined;
          return "The same request goes out again, with the new token; whoever made it notices nothing.";
        }
        return "The client calls the resource server and shows its access token.";
    }
  }

  answer(call, answer, session) {
    const { status, ok, error } = answer;
    const outcome = ok ? "ok" : status >= 500 ? "failed" : "refused";
    const detail = ok ? given(call, answer) : (error ?? "");
    return { title: String(status), detail, outcome, says: this.#answerSays(call, answer, session) };
  }

  #answerSays(call, { status, ok, error, refresh }, session) {
    if (status >= 500) return `The server answers ${status}. That is trouble, not a refusal: the session stays.`;
    switch (call.purpose) {
      case "login":
        if (!ok) return "The authorization server knows no such name and password: no token.";
        return refresh
          ? "Logged in: a short-lived access token, and a refresh token to renew it with."
          : "Logged in: one short-lived access token, and nothing to renew it with.";
      case "logout":
        return "The authorization server has ended the session.";
      case "refresh":
        if (ok) return "A new access token is here; the old refresh token is spent and replaced.";
        this.#refused = undefined;
        return session
          ? "The authorization server refuses the refresh token: it expired, was used before, or was revoked."
          : "There is no session to go on with.";
      default:
        if (ok) return "The resource server checked signature, expiry and rights, and answers.";
        if (status === 403) return "The token is good but its rights do not reach this far; a newer token would not help, so none is fetched.";
        if (call.token) this.#refused = call;
        return call.token
          ? "The resource server no longer takes this token."
          : "The resource server wants a token.";
    }
  }

  lost() {
    return {
      title: "no answer",
      detail: "connection closed",
      outcome: "lost",
      says: "The connection closed without an answer; nobody here can know whether the server acted.",
    };
  }
}

function carried(call) {
  switch (call.purpose) {
    case "login":
      return "name + password";
    case "refresh":
      return call.cookie ? "HttpOnly cookie" : "refresh token";
    default:
      return call.token ? `Bearer eyJ… #${call.token}` : "no token";
  }
}

function given(call, { access, refresh }) {
  if (!access) return call.purpose === "call" ? "with data" : "";
  return refresh ? (call.cookie ? "access token + cookie" : "access + refresh token") : "access token";
}

export function logoutSays({ reason, remote }) {
  if (remote) return "Logged out in another tab, and so here at once.";
  switch (reason) {
    case "user":
      return "Logged out: first here and in every other tab, then at the server.";
    case "expired":
      return "The access token expired and there is nothing to renew it with: log in again.";
    default:
      return "The refresh token was refused, so the session is over: log in again.";
  }
}

// Nothing where the answer itself has been put into words.
export function warningSays({ code, message, retryInMs }) {
  if (code === "insufficient_scope") return undefined;
  if (code !== "refresh_failed") return message;
  const when = Number.isFinite(retryInMs) ? ` The next try is in ${Math.max(1, Math.round(retryInMs / 1000))} s.` : "";
  return `The refresh did not get through, so the session stays.${when}`;
}

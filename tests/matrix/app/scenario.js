// What every project does: it logs in, calls, finds that the server ended its access token, and calls again.

export async function scenario(createTokenManager, api, storage) {
  try {
    const auth = await createTokenManager({
      server: { kind: "json", login: `${api}/login`, refresh: `${api}/refresh` },
      resources: [api],
      storage,
    });
    const { claims } = await auth.login({ username: "ada", password: "right" });
    const before = await auth.fetch(`${api}/api`);
    await fetch(`${api}/control`, { method: "POST", body: JSON.stringify({ expire: true }) });
    const after = await auth.fetch(`${api}/api`);
    return { who: claims.sub, before: before.status, after: after.status };
  } catch ({ name, code, message }) {
    return { name, code, message };
  }
}

export const apiOf = ({ search }) => new URLSearchParams(search).get("api");

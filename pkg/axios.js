// axios: the rules of fetch for the requests of an axios instance. They are applied around its adapter, whichever
// that is: after every interceptor and transformation, so that what is sent twice runs none of them twice.

import { Axios, AxiosHeaders, getAdapter } from "axios";

export function attach(instance, manager) {
  const authorised = manager.fetchVia((_, { headers, send }) => send(headers));

  const around = (adapter) => async (config) => {
    config.adapter = adapter; // whoever sends this config once more comes here once more
    if (config.auth || config.headers.has("authorization")) return getAdapter(adapter, config)(config);
    const { signal = config.cancelToken?.toAbortSignal?.(), data: body } = config;
    const send = (headers) => answerOf(adapter, config, new Headers(headers).get("authorization"));
    const done = () => signal?.unsubscribe?.(); // axios' own word: a cancel token outlives its requests
    const { response, error } = await authorised(addressOf(config), { signal, body, send }).finally(done);
    if (error) throw error;
    return response;
  };

  const use = (config) => Object.assign(config, { adapter: around(config.adapter ?? instance.defaults.adapter) });
  const id = instance.interceptors.request.use(use, null, { synchronous: true });
  return () => instance.interceptors.request.eject(id);
}

// As the adapter will put it together. The config has the instance's defaults in it already, so this instance has none.
const addressOf = (config) => new Axios({}).getUri(config);

// What came of it, a refusal too. The config that shows in it is the caller's, which has no token in it: errors get logged.
// Of Node's own, `request` shows what was sent.
async function answerOf(adapter, config, token) {
  const sent = token ? { ...config, headers: new AxiosHeaders(config.headers).set("Authorization", token) } : config;
  try {
    const response = await getAdapter(adapter, sent)(sent);
    response.config = config;
    return { status: response.status, headers: response.headers, response };
  } catch (error) {
    if (error?.config) error.config = config;
    if (!error?.response) throw error;
    error.response.config = config;
    const { status, headers, data, request } = error.response;
    // Where it came from, as XMLHttpRequest and follow-redirects tell it.
    const url = request?.responseURL ?? request?.res?.responseUrl;
    // A stream that nobody will read keeps its connection: what is sent anew lets go of it.
    const cancel = async () => (data?.destroy ? data.destroy() : data?.cancel?.());
    return { status, headers, url, redirected: Boolean(url), body: { cancel }, error };
  }
}

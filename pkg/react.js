// React: who is logged in, as state.

import { useSyncExternalStore } from "react";

const nobody = () => null;
const never = () => nobody; // what does not change needs no listener

// A server renders for nobody, and so does the first render over its markup (hydration).
export function useSession(manager) {
  return useSyncExternalStore(manager?.subscribe ?? never, () => manager?.session ?? null, nobody);
}

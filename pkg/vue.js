// Vue: who is logged in, as a ref.

import { onScopeDispose, shallowReadonly, shallowRef } from "vue";

export function useSession(manager) {
  const session = shallowRef(manager?.session ?? null);
  if (manager) onScopeDispose(manager.subscribe(() => (session.value = manager.session)));
  return shallowReadonly(session);
}

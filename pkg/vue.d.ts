/**
 * Vue: who is logged in, as a ref.
 *
 * @module tokenkeeper/vue
 */

import type { ShallowRef } from "vue";
import type { Session, TokenManager } from "./index.js";

/**
 * Who is logged in, as a read-only ref, until the component or effect scope that called this ends. Its value is null for nobody,
 * and without a manager, as on a server.
 *
 * ```js
 * const session = useSession(auth); // in setup; <p v-if="session">Hello {{ session.claims?.name }}</p>
 * ```
 */
export function useSession<Claims>(manager: TokenManager<Claims> | null | undefined): Readonly<ShallowRef<Session<Claims> | null>>;

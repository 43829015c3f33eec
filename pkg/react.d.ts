/**
 * React: who is logged in, as state of a component.
 *
 * @module tokenkeeper/react
 */

import type { Session, TokenManager } from "./index.js";

/**
 * Who is logged in; the component renders again when that changes. Null for nobody, while there is no manager yet,
 * on a server, and while its markup is hydrated.
 *
 * ```jsx
 * const session = useSession(auth);
 * return session ? <p>Hello {session.claims?.name}</p> : <Login />;
 * ```
 */
export function useSession<Claims>(manager: TokenManager<Claims> | null | undefined): Session<Claims> | null;

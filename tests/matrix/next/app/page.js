// A server component: the package is imported on the server, too.
import { isTokenError } from "tokenkeeper";
import { Session } from "./session";

export default function Page() {
  return <Session known={isTokenError(new Error("not of ours"))} />;
}

// What @types/node has of fetch. There is no DOM on a server, and no `RequestInfo`.

declare class URL {
  readonly href: string;
}
declare class Request {
  readonly url: string;
}
declare class Response {
  readonly status: number;
}
interface RequestInit {
  headers?: Record<string, string>;
}
declare function fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;

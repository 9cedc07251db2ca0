// Owns the shape of "something that fetches"; knows nothing of proxies, tokens or MCP.

/** `fetch` as the rooms pass it on: each one may wrap it, none may assume the global one. */
export type FetchLike = (url: string | URL, init?: RequestInit) => Promise<Response>;

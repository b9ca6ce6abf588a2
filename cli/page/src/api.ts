/** Calls of the viewer's server. Each carries the token, which the address brought along once, in a header. */

const STORED = "langgraph-redis-studio-token";

/** Takes the token out of the address, where it would be seen and copied, into this tab's session. */
export function takeToken(): void {
  const params = new URLSearchParams(location.hash.slice(1));
  const token = params.get("token");
  if (token === null) return;
  sessionStorage.setItem(STORED, token);
  params.delete("token");
  history.replaceState(null, "", `#${params}`);
}

/** What the server answered when it could not do what it was asked. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code?: string,
  ) {
    super(message);
  }
}

type Params = Record<string, string | number | readonly string[] | undefined>;

export function get<T>(path: string, params: Params = {}, signal?: AbortSignal): Promise<T> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined) continue;
    query.set(name, typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  return call<T>(`${path}?${query}`, { signal: signal ?? null });
}

export function post<T>(path: string, body: unknown): Promise<T> {
  return call<T>(path, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });
}

async function call<T>(path: string, init: RequestInit): Promise<T> {
  const token = sessionStorage.getItem(STORED) ?? "";
  let response: Response;
  try {
    response = await fetch(`./api/${path}`, {
      ...init,
      headers: { ...init.headers, authorization: `Bearer ${token}` },
    });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError(0, "The viewer's server does not answer. Is `langgraph-redis studio` still running?");
  }
  if (response.ok) return (await response.json()) as T;
  const failure = (await response.json().catch(() => ({}))) as { error?: string; code?: string };
  throw new ApiError(
    response.status,
    failure.error ?? `The server answered ${response.status}.`,
    failure.code,
  );
}

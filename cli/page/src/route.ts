import { useEffect, useState } from "preact/hooks";

/** Which view is open, and what is chosen in it. All of it stands in the address's fragment, so that it can be gone back to. */
export interface Route {
  readonly view: "threads" | "memory" | "health";
  readonly thread?: string;
  readonly ns?: string;
  readonly checkpoint?: string;
  readonly path?: readonly string[];
  readonly key?: string;
  /** The namespace of the open item, which may be below `path`. */
  readonly itemPath?: readonly string[];
}

const VIEWS: readonly Route["view"][] = ["threads", "memory", "health"];

/** Reads a fragment; what cannot be read is left out. Any string of a user's comes back as it was. */
export function parseRoute(fragment: string): Route {
  const params = new URLSearchParams(fragment.replace(/^#/, ""));
  const text = (name: string) => params.get(name) ?? undefined;
  const list = (name: string) => parseLabels(text(name));
  return {
    view: VIEWS.find((view) => view === params.get("view")) ?? "threads",
    thread: text("thread"),
    ns: text("ns"),
    checkpoint: text("checkpoint"),
    path: list("path"),
    key: text("key"),
    itemPath: list("itemPath"),
  };
}

export function formatRoute(route: Route): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(route)) {
    if (value === undefined) continue;
    params.set(name, typeof value === "string" ? value : JSON.stringify(value));
  }
  return `#${params}`;
}

function parseLabels(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  try {
    const labels: unknown = JSON.parse(text);
    return Array.isArray(labels) && labels.every((label) => typeof label === "string") ? labels : undefined;
  } catch {
    return undefined;
  }
}

/** Opens a view; `replace` leaves no entry in the browser's history, for what was chosen by itself. */
export function navigate(route: Route, { replace = false } = {}): void {
  const fragment = formatRoute(route);
  if (replace) {
    history.replaceState(null, "", fragment);
    dispatchEvent(new HashChangeEvent("hashchange"));
  } else {
    location.hash = fragment;
  }
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const read = () => setRoute(parseRoute(location.hash));
    addEventListener("hashchange", read);
    return () => removeEventListener("hashchange", read);
  }, []);
  return route;
}

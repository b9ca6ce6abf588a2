import { useCallback, useEffect, useRef, useState } from "preact/hooks";

export interface Rows<T> {
  readonly rows: readonly T[];
  readonly next?: string | undefined;
}

export interface Pages<T> {
  readonly rows: readonly T[];
  readonly loading: boolean;
  readonly complete: boolean;
  readonly error: Error | undefined;
  /** Loads the next page, unless one is being loaded or there is none. */
  more(): void;
  reload(): void;
}

interface State<T> {
  readonly rows: readonly T[];
  readonly next: string | undefined;
  readonly started: boolean;
  readonly error?: Error;
}

const EMPTY = { rows: [], next: undefined, started: false };

/** A list of which pages are loaded as they are needed. With another key it begins anew. */
export function usePages<T>(
  key: string,
  load: (cursor: string | undefined, signal: AbortSignal) => Promise<Rows<T>>,
): Pages<T> {
  const [state, setState] = useState<State<T>>(EMPTY);
  const [loading, setLoading] = useState(true);
  const [round, setRound] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  const request = useRef<AbortController | undefined>(undefined);

  const fetchPage = useCallback((cursor: string | undefined, keep: readonly T[]) => {
    request.current?.abort();
    const abort = new AbortController();
    request.current = abort;
    setLoading(true);
    latest
      .current(cursor, abort.signal)
      .then(
        (page) => ({ rows: [...keep, ...page.rows], next: page.next, started: true }),
        (error: Error) => ({ rows: keep, next: cursor, started: true, error }),
      )
      .then((state) => {
        if (abort.signal.aborted) return;
        setState(state);
        setLoading(false);
      });
  }, []);

  useEffect(() => {
    fetchPage(undefined, []);
    return () => request.current?.abort();
  }, [key, round, fetchPage]);

  const more = useCallback(() => {
    if (!loading && state.next !== undefined) fetchPage(state.next, state.rows);
  }, [loading, state, fetchPage]);
  const reload = useCallback(() => setRound((round) => round + 1), []);
  return {
    rows: state.rows,
    loading,
    complete: state.started && state.next === undefined,
    error: state.error,
    more,
    reload,
  };
}

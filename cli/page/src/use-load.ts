import { useCallback, useEffect, useRef, useState } from "preact/hooks";

export interface Loaded<T> {
  /** What was loaded last, perhaps for an earlier key while `loading`. */
  readonly data: T | undefined;
  readonly error: Error | undefined;
  readonly loading: boolean;
  reload(): void;
}

/**
 * Loads what the key stands for, again when the key changes. A request that is not needed any more is aborted. With an
 * undefined key nothing is loaded.
 */
export function useLoad<T>(
  key: string | undefined,
  load: (signal: AbortSignal) => Promise<T>,
  { every }: { every?: number } = {},
): Loaded<T> {
  const [state, setState] = useState<{ key: string | undefined; data?: T; error?: Error }>({
    key: undefined,
  });
  const [round, setRound] = useState(0);
  const latest = useRef(load);
  latest.current = load;

  useEffect(() => {
    if (key === undefined) return;
    const abort = new AbortController();
    latest.current(abort.signal).then(
      (data) => {
        if (!abort.signal.aborted) setState({ key, data });
      },
      (error: Error) => {
        if (!abort.signal.aborted) setState({ key, error });
      },
    );
    return () => abort.abort();
  }, [key, round]);

  useEffect(() => {
    if (every === undefined || key === undefined) return;
    const timer = setInterval(() => {
      if (!document.hidden) setRound((round) => round + 1);
    }, every);
    return () => clearInterval(timer);
  }, [every, key]);

  const reload = useCallback(() => setRound((round) => round + 1), []);
  const own = key !== undefined && state.key === key;
  return {
    data: key === undefined ? undefined : state.data,
    error: own ? state.error : undefined,
    loading: key !== undefined && !own,
    reload,
  };
}

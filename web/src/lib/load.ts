/** Loads something when its key changes, and again when asked or when a deed was done. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { changes } from "./deed";
import { problemOf, type Problem } from "./problems";
import { useStore } from "./store";

export interface Loaded<T> {
  value: T | null;
  problem: Problem | null;
  busy: boolean;
  again: () => void;
}

export function useLoaded<T>(key: string | null, load: () => Promise<T>): Loaded<T> {
  const change = useStore(changes);
  const [round, setRound] = useState(0);
  const [state, setState] = useState<{ key: string | null; value: T | null; problem: Problem | null; busy: boolean }>({
    key: null,
    value: null,
    problem: null,
    busy: key !== null,
  });
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    if (key === null) return setState({ key, value: null, problem: null, busy: false });
    let gone = false;
    setState((now) => ({ key, value: now.key === key ? now.value : null, problem: null, busy: true }));
    latest.current().then(
      (value) => !gone && setState({ key, value, problem: null, busy: false }),
      (thrown: unknown) =>
        !gone && setState((now) => ({ ...now, problem: problemOf(thrown), busy: false })),
    );
    return () => {
      gone = true;
    };
  }, [key, round, change]);
  const again = useCallback(() => setRound((count) => count + 1), []);
  const fresh = state.key === key;
  return { value: fresh ? state.value : null, problem: fresh ? state.problem : null, busy: fresh ? state.busy : key !== null, again };
}

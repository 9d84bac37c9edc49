/**
 * Loads something when its key changes, again when asked or when a deed was done, and again and
 * again where others change it. What is shown stays until there is something newer.
 */
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

interface State<T> {
  key: string | null;
  value: T | null;
  problem: Problem | null;
  busy: boolean;
}

export function useLoaded<T>(
  key: string | null,
  load: () => Promise<T>,
  everyMs?: number,
): Loaded<T> {
  const change = useStore(changes);
  const [round, setRound] = useState(0);
  const nothing = { key, value: null, problem: null };
  const [state, setState] = useState<State<T>>({ ...nothing, busy: key !== null });
  const latest = useRef(load);
  latest.current = load;
  const again = useCallback(() => setRound((count) => count + 1), []);
  useEffect(() => {
    if (key === null) return setState({ ...nothing, busy: false });
    let gone = false;
    setState((now) => ({ ...nothing, value: now.key === key ? now.value : null, busy: true }));
    latest.current().then(
      (value) => !gone && setState({ key, value, problem: null, busy: false }),
      (thrown: unknown) =>
        !gone &&
        setState((now) => ({
          ...now,
          problem: now.value === null ? problemOf(thrown) : null,
          busy: false,
        })),
    );
    return () => {
      gone = true;
    };
  }, [key, round, change]);
  useEffect(() => {
    if (key === null || !everyMs) return;
    const timer = setInterval(() => document.visibilityState === "visible" && again(), everyMs);
    return () => clearInterval(timer);
  }, [key, everyMs]);
  if (state.key !== key) return { ...nothing, busy: key !== null, again };
  return { value: state.value, problem: state.problem, busy: state.busy, again };
}

/** The smallest thing that tells components of change: a value and who wants to know. */
import { useEffect, useState } from "preact/hooks";

export interface Store<T> {
  get(): T;
  set(value: T): void;
  listen(listener: () => void): () => void;
}

export function store<T>(first: T): Store<T> {
  let value = first;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener();
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useStore<T>(source: Store<T>): T {
  const [, again] = useState(0);
  useEffect(() => {
    let seen = source.get();
    const look = () => {
      if (Object.is(seen, source.get())) return;
      seen = source.get();
      again((count) => count + 1);
    };
    // What changed between the first drawing and now.
    again((count) => count + 1);
    return source.listen(look);
  }, [source]);
  return source.get();
}

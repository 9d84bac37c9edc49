/** What this browser remembers. A browser that forbids it forgets, and the page still works. */

const PREFIX = "dokkaebi.";

export function remembered(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

export function remember(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, value);
  } catch {
    // Private windows and full disks.
  }
}

/** JSON that may have been written by an older page or by hand. */
export function rememberedJson<T>(name: string, isRight: (value: unknown) => value is T): T | null {
  try {
    const value: unknown = JSON.parse(remembered(name) ?? "null");
    return isRight(value) ? value : null;
  } catch {
    return null;
  }
}

/** Calls `told` when another tab has changed what is remembered under a name. */
export function whenOthersChange(name: string, told: () => void): () => void {
  const look = (event: StorageEvent) => {
    if (event.key === PREFIX + name) told();
  };
  addEventListener("storage", look);
  return () => removeEventListener("storage", look);
}

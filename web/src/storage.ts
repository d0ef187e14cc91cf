// What the browser keeps for us. `draft` holds half-typed text for the length
// of the tab, so that a failed request or a reload loses nothing; `preference`
// holds switches. Both do without storage when the browser forbids it.
import { signal, type Signal } from "@preact/signals";
import { useState } from "preact/hooks";

function read(storage: () => Storage, key: string): string | null {
  try {
    return storage().getItem(key);
  } catch {
    return null;
  }
}

function write(storage: () => Storage, key: string, value: string): void {
  try {
    if (value) storage().setItem(key, value);
    else storage().removeItem(key);
  } catch {
    // Full or forbidden: the text still stands in the page.
  }
}

export function useDraft(key: string): [string, (text: string) => void] {
  const name = `penstock:draft:${key}`;
  const [text, setText] = useState(() => read(() => sessionStorage, name) ?? "");
  return [
    text,
    (next) => {
      setText(next);
      write(() => sessionStorage, name, next);
    },
  ];
}

export function preference(name: string, standard: boolean): Signal<boolean> {
  const key = `penstock:${name}`;
  const kept = read(() => localStorage, key);
  const value = signal(kept === null ? standard : kept === "yes");
  value.subscribe((on) => write(() => localStorage, key, on === standard ? "" : on ? "yes" : "no"));
  return value;
}

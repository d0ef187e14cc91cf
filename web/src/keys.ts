// Keyboard shortcuts. A page registers its keys while it is shown; they
// win over those of the whole application. Nothing fires while someone types, and the whole can be
// switched off in the help (WCAG 2.1.4).
import { useEffect, useRef } from "preact/hooks";
import { preference } from "./storage.ts";

export const shortcutsOn = preference("shortcuts", true);

type Keys = Record<string, () => void>;
const layers: { current: Keys }[] = [];
let prefix = "";
let prefixTimer: number | undefined;

/** `base` keys stand below those of every page. */
export function useKeys(keys: Keys, base = false): void {
  const layer = useRef(keys);
  layer.current = keys;
  useEffect(() => {
    if (base) layers.unshift(layer);
    else layers.push(layer);
    return () => {
      layers.splice(layers.indexOf(layer), 1);
    };
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return !!element?.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
}

function pressed(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (!shortcutsOn.value || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  const key = prefix + event.key;
  prefix = "";
  window.clearTimeout(prefixTimer);
  for (const layer of [...layers].reverse()) {
    const action = layer.current[key];
    if (action) {
      event.preventDefault();
      action();
      return;
    }
  }
  if (key === "g") {
    prefix = "g ";
    prefixTimer = window.setTimeout(() => (prefix = ""), 1500);
  }
}

export function startKeys(): void {
  document.addEventListener("keydown", pressed);
}

/** j and k: the next or previous element marked data-row gets the focus. */
export function moveInList(step: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
  if (!rows.length) return;
  const at = rows.indexOf(document.activeElement as HTMLElement);
  const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + step, 0), rows.length - 1);
  rows[next]?.focus();
  rows[next]?.scrollIntoView({ block: "nearest" });
}

// What just happened, in one sentence: a short-lived line at the foot of the
// page that screen readers speak politely. Also the tab's title and favicon.
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { stateWords, type State } from "../status.ts";

const told = signal("");
const news = signal("");
let timer: number | undefined;

/** Shown and spoken: the answer to something the reader did. */
export function tell(text: string): void {
  told.value = text;
  window.clearTimeout(timer);
  timer = window.setTimeout(() => (told.value = ""), 7000);
}

export function Announcer() {
  return (
    <>
      <div class={told.value ? "toast is-shown" : "toast"} role="status">
        {told.value}
      </div>
      <div class="off-screen news" role="status">
        {news.value}
      </div>
    </>
  );
}

/** Speaks a change of state; the first sight of it is no news. */
export function useStateNews(subject: string, state: State | undefined): void {
  const before = useRef<string | undefined>(undefined);
  useEffect(() => {
    if (!state) return;
    const now = `${subject}: ${stateWords[state]}`;
    if (before.current && before.current !== now && before.current.startsWith(`${subject}:`)) news.value = now;
    before.current = now;
  }, [subject, state]);
}

const iconColours: Partial<Record<State, string>> = {
  queued: "#64748b",
  running: "#1d63d6",
  waiting: "#b45f06",
  succeeded: "#1a7f43",
  failed: "#c62828",
  cancelling: "#64748b",
  cancelled: "#64748b",
  superseded: "#64748b",
};
const iconMarks: Partial<Record<State, string>> = {
  queued: "M16 10v6l4 3",
  running: "M13 10l8 6-8 6z",
  waiting: "M13 11v10M19 11v10",
  succeeded: "M10 16l4 4 8-9",
  failed: "M11 11l10 10M21 11L11 21",
  cancelling: "M12 12h8v8h-8z",
  cancelled: "M10 22L22 10",
  superseded: "M11 10l5 6-5 6M17 10l5 6-5 6",
};

let plainIcon: string | undefined;

/** The tab says where it stands even when it is one of forty. */
export function useTab(title: string, state?: State): void {
  useEffect(() => {
    document.title = title ? `${title} · Penstock` : "Penstock";
  }, [title]);
  useEffect(() => {
    const link = document.querySelector<HTMLLinkElement>("link[rel=icon]");
    if (!link) return;
    plainIcon ??= link.href;
    const colour = state && iconColours[state];
    if (!colour) {
      link.href = plainIcon;
      return;
    }
    const drawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="15" fill="${colour}"/><path d="${iconMarks[state] ?? ""}" fill="none" stroke="#fff" stroke-width="3.5" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
    link.href = `data:image/svg+xml,${encodeURIComponent(drawing)}`;
  }, [state]);
}

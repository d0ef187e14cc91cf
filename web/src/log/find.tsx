// Searching a log from its first line to its last. Lines are read as the
// search comes to them; the matches stand ready one after the other.
import { useEffect, useRef, useState } from "preact/hooks";
import { messageOf } from "../api/client.ts";
import { Button } from "../parts/basics.tsx";
import { Glyph } from "../parts/icons.tsx";
import { plainText } from "./ansi.ts";
import type { LogStore } from "./store.ts";

const matchLimit = 10000;

export interface Find {
  shown: boolean;
  query: string;
  matches: number[];
  at: number | null;
  searching: number | null;
  trouble: string | null;
  full: boolean;
  open: () => void;
  close: () => void;
  search: (query: string) => void;
  step: (by: 1 | -1) => void;
}

export function useFind(store: LogStore, show: (line: number) => void): Find {
  const [shown, setShown] = useState(false);
  const [query, setQuery] = useState("");
  const [, redraw] = useState(0);
  const found = useRef<{ matches: number[]; at: number | null; searching: number | null; trouble: string | null; scanned: number }>({
    matches: [],
    at: null,
    searching: null,
    trouble: null,
    scanned: 0,
  });
  const running = useRef<AbortController | null>(null);
  const timer = useRef<number | undefined>(undefined);
  const before = useRef<Element | null>(null);
  const latestShow = useRef(show);
  latestShow.current = show;

  const stop = () => {
    running.current?.abort();
    running.current = null;
    window.clearTimeout(timer.current);
  };
  useEffect(() => stop, [store]);

  const scan = async (wanted: string) => {
    stop();
    const mine = new AbortController();
    running.current = mine;
    const state = (found.current = { matches: [] as number[], at: null as number | null, searching: 0 as number | null, trouble: null as string | null, scanned: 0 });
    redraw((n) => n + 1);
    const lower = wanted.toLowerCase();
    try {
      await store.scan(
        (line) => {
          state.scanned = line.n + 1;
          if (plainText(line.text).toLowerCase().includes(lower)) {
            state.matches.push(line.n);
            if (state.at === null) {
              state.at = line.n;
              latestShow.current(line.n);
            }
          }
          return state.matches.length < matchLimit;
        },
        (done) => {
          state.searching = Math.floor((done / Math.max(1, store.total.value)) * 100);
          redraw((n) => n + 1);
        },
        mine.signal,
      );
    } catch (error) {
      if (!mine.signal.aborted) state.trouble = messageOf(error);
    }
    if (mine.signal.aborted) return;
    state.searching = null;
    redraw((n) => n + 1);
  };

  const state = found.current;
  return {
    shown,
    query: shown ? query : "",
    matches: state.matches,
    at: shown ? state.at : null,
    searching: state.searching,
    trouble: state.trouble,
    full: state.matches.length >= matchLimit,
    open: () => {
      if (!shown) before.current = document.activeElement;
      setShown(true);
      requestAnimationFrame(() => document.querySelector<HTMLInputElement>("#find")?.select());
    },
    close: () => {
      stop();
      setShown(false);
      const back = before.current;
      if (back instanceof HTMLElement && back !== document.body && back.isConnected) back.focus();
      else document.querySelector<HTMLElement>(".log-box")?.focus();
    },
    search: (next) => {
      setQuery(next);
      stop();
      found.current = { matches: [], at: null, searching: null, trouble: null, scanned: 0 };
      if (next) timer.current = window.setTimeout(() => void scan(next), 200);
    },
    step: (by) => {
      const { matches, at } = found.current;
      if (!matches.length) {
        if (query && found.current.searching === null) void scan(query);
        return;
      }
      const index = at === null ? -1 : matches.indexOf(at);
      const next = matches[(index + by + matches.length) % matches.length];
      if (next === undefined) return;
      found.current.at = next;
      redraw((n) => n + 1);
      latestShow.current(next);
    },
  };
}

export function FindBar({ find }: { find: Find }) {
  const index = find.at === null ? 0 : find.matches.indexOf(find.at) + 1;
  const count = find.full ? `${matchLimit.toLocaleString()} or more` : find.matches.length.toLocaleString();
  const words = !find.query
    ? ""
    : find.trouble
      ? find.trouble
      : find.searching !== null
        ? `${count} so far, ${find.searching} % read`
        : find.matches.length
          ? `${index.toLocaleString()} of ${count}`
          : "not found";
  return (
    <div
      class="find"
      role="search"
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          event.preventDefault();
          find.close();
        }
      }}
    >
      <label class="off-screen" for="find">
        Find in this log
      </label>
      <input
        id="find"
        type="search"
        autocomplete="off"
        spellcheck={false}
        placeholder="Find in the whole log"
        value={find.query}
        onInput={(event) => find.search(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          find.step(event.shiftKey ? -1 : 1);
        }}
      />
      <span class="find-count" role="status">
        {words}
      </span>
      <Button kind="quiet" label="Previous match" title="Previous match (p)" onClick={() => find.step(-1)}>
        <Glyph name="up" />
      </Button>
      <Button kind="quiet" label="Next match" title="Next match (n)" onClick={() => find.step(1)}>
        <Glyph name="down" />
      </Button>
      <Button kind="quiet" label="Close the search" title="Close (Escape)" onClick={find.close}>
        <Glyph name="close" />
      </Button>
    </div>
  );
}

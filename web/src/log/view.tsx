// The log on the screen. Only the rows in sight exist; the scroll bar stands
// for the whole (log/layout.ts says how). The end is followed until the reader
// scrolls up, and again when he comes back to it.
import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { fetchLog, logAddress, messageOf } from "../api/client.ts";
import { useKeys } from "../keys.ts";
import { tell } from "../parts/announce.tsx";
import { Button, copyText, Notice } from "../parts/basics.tsx";
import { Glyph, StateIcon } from "../parts/icons.tsx";
import { plural } from "../parts/words.ts";
import { preference } from "../storage.ts";
import { plainText } from "./ansi.ts";
import { Layout, Scroller } from "./layout.ts";
import { lineLink, parseLineLink, type Range } from "./links.ts";
import { Row } from "./row.tsx";
import { FindBar, useFind } from "./find.tsx";
import { LogStore, looksLikeError } from "./store.ts";

const rowHeight = 20;
const overscan = 25;
const copyLimit = 20000;
const openAtErrorLimit = 20000;

const showTimes = preference("log-times", false);
const wrapLines = preference("log-wrap", false);

export function LogView(props: { logId: string; failed: boolean; started: number | undefined }) {
  const store = useMemo(() => new LogStore((query, abort) => fetchLog(props.logId, query, abort)), [props.logId]);
  const scroller = useMemo(() => new Scroller(new Layout(rowHeight)), [store]);
  const frame = useMemo(() => signal(0), [store]);
  const box = useRef<HTMLDivElement>(null);
  const rows = useRef<HTMLDivElement>(null);
  const following = useMemo(() => signal(false), [store]);
  const [selected, setSelected] = useState<Range | null>(() => parseLineLink(location.hash));
  const [working, setWorking] = useState<{ what: string; stop: () => void } | null>(null);
  const [ready, setReady] = useState(false);
  const times = showTimes.value;
  const wrap = wrapLines.value;

  const total = store.total.value;
  scroller.layout.lines = total;
  void store.arrived.value;
  void frame.value;

  const draw = () => (frame.value += 1);

  const putBar = () => {
    const element = box.current;
    if (!element) return;
    element.scrollTop = scroller.bar;
    scroller.placed(element.scrollTop);
  };

  const scrollTo = (top: number) => {
    scroller.top = Math.min(Math.max(top, 0), scroller.topMax);
    putBar();
    draw();
  };

  const showLine = (line: number) => scrollTo(scroller.layout.top(line) - scroller.height / 3);
  const toEnd = () => {
    following.value = true;
    scrollTo(Infinity);
  };

  const find = useFind(store, (line) => {
    following.value = false;
    showLine(line);
  });

  const firstError = async (quiet: boolean) => {
    const abort = new AbortController();
    const what = "Looking for the first error";
    setWorking({ what, stop: () => abort.abort() });
    let found: number | null = null;
    try {
      await store.scan(
        (line) => {
          if (!looksLikeError(plainText(line.text))) return true;
          found = line.n;
          return false;
        },
        (done) => setWorking({ what: `${what}: ${Math.floor((done / Math.max(1, store.total.value)) * 100)} %`, stop: () => abort.abort() }),
        abort.signal,
      );
    } catch (error) {
      if (!abort.signal.aborted) tell(messageOf(error));
    }
    setWorking(null);
    if (found !== null) {
      following.value = false;
      setSelected({ first: found, last: found });
      showLine(found);
      if (!quiet) tell(`First error: line ${found + 1}.`);
    } else if (!quiet && !abort.signal.aborted) tell("No line looks like an error.");
    return found !== null;
  };

  // The first reading decides where to open: at the linked line, at the first
  // error of a failed action, at the end of a live log, else at the top.
  useEffect(() => {
    let gone = false;
    void (async () => {
      await store.start();
      if (gone) return;
      setReady(true);
      scroller.layout.lines = store.total.value;
      const linked = parseLineLink(location.hash);
      requestAnimationFrame(() => {
        if (gone) return;
        if (linked) showLine(Math.min(linked.first, store.total.value));
        else if (!store.closed.value) toEnd();
        else if (props.failed && store.total.value > 0) {
          if (store.total.value > openAtErrorLimit) toEnd();
          else void firstError(true).then((found) => !found && !gone && scrollTo(Infinity));
        }
      });
      if (!document.hidden) void store.follow();
    })();
    const visibility = () => (document.hidden ? store.rest() : void store.follow());
    document.addEventListener("visibilitychange", visibility);
    return () => {
      gone = true;
      document.removeEventListener("visibilitychange", visibility);
      store.stop();
    };
  }, [store]);

  useEffect(() => {
    const hash = () => {
      const range = parseLineLink(location.hash);
      setSelected(range);
      if (range) {
        following.value = false;
        showLine(range.first);
      }
    };
    window.addEventListener("hashchange", hash);
    return () => window.removeEventListener("hashchange", hash);
  }, [store]);

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    let width = element.clientWidth;
    const observer = new ResizeObserver(() => {
      const stuck = following.value;
      scroller.height = element.clientHeight;
      if (wrapLines.value && element.clientWidth !== width) scroller.layout.forgetHeights();
      width = element.clientWidth;
      scrollTo(stuck ? Infinity : scroller.top);
    });
    observer.observe(element);
    scroller.height = element.clientHeight;
    return () => observer.disconnect();
  }, [store]);

  // Toggling wrap or times changes heights: the line at the top stays at the top.
  useLayoutEffect(() => {
    const line = scroller.layout.lineAt(scroller.top);
    scroller.layout.forgetHeights();
    rows.current?.style.removeProperty("min-width");
    scrollTo(following.value ? Infinity : scroller.layout.top(line));
  }, [wrap, times]);

  // After drawing: measure wrapped rows, keep what is in sight where it is,
  // hold the end when following, and ask for lines that are missing.
  const first = Math.max(0, scroller.layout.lineAt(scroller.top) - overscan);
  const last = Math.min(total - 1, scroller.layout.lineAt(scroller.top + scroller.height) + overscan);
  useLayoutEffect(() => {
    const list = rows.current;
    const element = box.current;
    if (!list || !element) return;
    store.need(first, last);
    let above = 0;
    let changed = false;
    if (wrap) {
      const topLine = scroller.layout.lineAt(scroller.top);
      for (const child of list.children) {
        const line = Number((child as HTMLElement).dataset.line);
        if (!store.line(line)) continue;
        const grown = scroller.layout.measured(line, (child as HTMLElement).offsetHeight);
        if (grown && line < topLine) above += grown;
        changed ||= grown !== 0;
      }
    } else {
      const wide = Math.ceil(list.scrollWidth);
      if (wide > (parseFloat(list.style.minWidth) || 0)) list.style.minWidth = `${wide}px`;
    }
    // New lines may be drawn before the browser tells us that the reader has scrolled up.
    if (following.value && scroller.isPulledUp(element.scrollTop, element.scrollHeight - element.clientHeight)) following.value = false;
    if (following.value) {
      const before = scroller.top;
      scroller.top = scroller.topMax;
      putBar();
      changed ||= before !== scroller.top;
    } else if (above) {
      scroller.top += above;
      putBar();
    }
    if (changed) draw();
  });

  const settle = useRef<number | undefined>(undefined);
  const onScroll = () => {
    const element = box.current;
    if (!element) return;
    const pulledUp = scroller.isPulledUp(element.scrollTop, element.scrollHeight - element.clientHeight);
    const distance = scroller.moved(element.scrollTop);
    if (pulledUp) following.value = false;
    else if (distance > 0 && scroller.top >= scroller.topMax - rowHeight && !store.closed.value) following.value = true;
    if (distance) draw();
    // In a log taller than the browser allows, the bar drifts from its proportion: put it right at rest.
    window.clearTimeout(settle.current);
    settle.current = window.setTimeout(() => {
      if (Math.abs(element.scrollTop - scroller.bar) > 1) {
        putBar();
        draw();
      }
    }, 200);
  };
  useEffect(() => () => window.clearTimeout(settle.current), []);

  const pick = (line: number, extend: boolean) => {
    const range = extend && selected ? { first: Math.min(selected.first, line), last: Math.max(selected.last, line) } : { first: line, last: line };
    const same = !extend && selected?.first === line && selected.last === line;
    setSelected(same ? null : range);
    history.replaceState(null, "", same ? location.pathname : lineLink(range));
  };

  const copy = async () => {
    const range = selected ?? { first: 0, last: store.total.value - 1 };
    if (range.last - range.first >= copyLimit) {
      tell(`That is more than ${copyLimit} lines. Select fewer (click a line number, then shift-click another), or download the log.`);
      return;
    }
    const texts: string[] = [];
    try {
      await store.scan(
        (line) => {
          texts.push(plainText(line.text));
          return line.n < range.last;
        },
        () => undefined,
        new AbortController().signal,
        range.first,
      );
      await copyText(texts.join("\n"));
      tell(`Copied ${plural(texts.length, "line")}.`);
    } catch (error) {
      tell(messageOf(error));
    }
  };

  useKeys({
    "/": find.open,
    f: toEnd,
    t: () => (showTimes.value = !showTimes.value),
    w: () => (wrapLines.value = !wrapLines.value),
    e: () => void firstError(false),
    n: () => (find.query ? find.step(1) : void firstError(false)),
    p: () => find.query && find.step(-1),
    N: () => find.query && find.step(-1),
    G: toEnd,
    j: () => box.current?.scrollBy(0, rowHeight * 3),
    k: () => box.current?.scrollBy(0, -rowHeight * 3),
  });

  const shown: number[] = [];
  for (let n = first; n <= last; n++) shown.push(n);
  const digits = String(Math.max(total, 1)).length;
  const offset = scroller.bar + scroller.layout.top(first) - scroller.top;
  const behind = ready && !following.value && !store.closed.value;

  return (
    <section class="log" aria-label="Log">
      <div class="log-tools" role="toolbar" aria-label="Log tools">
        <Button kind="quiet" onClick={find.open} keys="/">
          <Glyph name="search" />
          Find
        </Button>
        <Button kind="quiet" onClick={() => void firstError(false)} keys="e">
          <Glyph name="warning" />
          First error
        </Button>
        <span class="log-tools-gap" />
        <Button kind="quiet" pressed={times} onClick={() => (showTimes.value = !times)} keys="t">
          Times
        </Button>
        <Button kind="quiet" pressed={wrap} onClick={() => (wrapLines.value = !wrap)} keys="w">
          Wrap
        </Button>
        <Button kind="quiet" onClick={() => void copy()} title={selected ? "Copy the selected lines" : "Copy the log"}>
          <Glyph name="copy" />
          {selected ? "Copy lines" : "Copy"}
        </Button>
        <a class="button is-quiet" href={`${logAddress(props.logId)}/raw`} download={`${props.logId}.log`}>
          <Glyph name="download" />
          Raw
        </a>
      </div>
      {find.shown ? <FindBar find={find} /> : null}
      {store.trouble.value ? (
        <Notice kind="warn" action={<Button onClick={() => { store.need(first, last); void store.follow(); }}>Try again</Button>}>
          {store.trouble.value}
        </Notice>
      ) : null}
      <div
        class={wrap ? "log-box is-wrapped" : "log-box"}
        ref={box}
        tabIndex={0}
        role="region"
        aria-label="Log lines"
        onScroll={onScroll}
        data-digits={Math.min(digits, 8)}
      >
        <div class="log-tall" style={{ height: `${scroller.barHeight}px` }}>
          <div class="log-rows" ref={rows} style={{ transform: `translateY(${offset}px)` }}>
            {shown.map((n) => (
              <Row
                key={n}
                n={n}
                line={store.line(n)}
                times={times}
                started={props.started}
                selected={!!selected && n >= selected.first && n <= selected.last}
                find={find.query}
                current={find.at === n}
                onPick={pick}
              />
            ))}
          </div>
        </div>
        {ready && total === 0 ? <p class="log-empty">{store.closed.value ? "The action wrote nothing." : "Nothing written yet."}</p> : null}
      </div>
      <footer class="log-foot">
        <span>
          {store.closed.value ? null : <StateIcon state="running" />}
          {ready ? `${total.toLocaleString()} ${total === 1 ? "line" : "lines"}${store.closed.value ? "" : ", live"}` : "Loading…"}
          {selected ? `, ${lineLink(selected).slice(1)} selected` : ""}
        </span>
        {working ? (
          <span class="log-working">
            {working.what}
            <Button kind="quiet" onClick={working.stop}>
              Stop
            </Button>
          </span>
        ) : null}
        {following.value && !store.closed.value ? (
          <span class="log-following">Following the end</span>
        ) : (
          <Button kind={behind ? "plain" : "quiet"} onClick={toEnd} keys="f">
            <Glyph name="down" />
            {behind ? "Follow the end" : "To the end"}
          </Button>
        )}
      </footer>
    </section>
  );
}

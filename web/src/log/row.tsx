// One line of a log: its number (a link), its time, its coloured text with the
// places that match the search.
import { signal } from "@preact/signals";
import type { LogLine } from "../api/types.ts";
import { local, logTime, utc } from "../time.ts";
import { parseAnsi, type Span } from "./ansi.ts";
import { dress } from "./colour.ts";

const darkQuery = window.matchMedia("(prefers-color-scheme: dark)");
const scheme = signal<"light" | "dark">(darkQuery.matches ? "dark" : "light");
darkQuery.addEventListener("change", () => (scheme.value = darkQuery.matches ? "dark" : "light"));

// A line of a megabyte would stop the page: the raw download has it whole.
const shownLimit = 10000;

export function Row(props: {
  n: number;
  line: LogLine | undefined;
  times: boolean;
  started: number | undefined;
  selected: boolean;
  find: string;
  current: boolean;
  onPick: (line: number, extend: boolean) => void;
}) {
  const { n, line } = props;
  const number = n + 1;
  const moment = line && props.started !== undefined ? props.started + line.t / 1000 : undefined;
  return (
    <div class={`log-row${props.selected ? " is-selected" : ""}${props.current ? " is-current" : ""}`} data-line={n}>
      <a
        class="log-number"
        href={`#L${number}`}
        aria-label={`Line ${number}`}
        tabIndex={-1}
        onClick={(event) => {
          event.preventDefault();
          props.onPick(n, event.shiftKey);
        }}
      >
        {number}
      </a>
      {props.times ? (
        <span class="log-time" title={moment === undefined ? undefined : `${local(moment)}\n${utc(moment)}`}>
          {line ? logTime(line.t) : ""}
        </span>
      ) : null}
      <span class="log-text">{line ? <Text text={line.text} find={props.find} /> : <span class="log-wait">…</span>}</span>
    </div>
  );
}

function Text(props: { text: string; find: string }) {
  const long = props.text.length > shownLimit;
  const spans = parseAnsi(long ? props.text.slice(0, shownLimit) : props.text);
  const pieces = props.find ? mark(spans, props.find) : spans;
  return (
    <>
      {pieces.map((piece, i) => {
        const look = dress(piece.look, scheme.value);
        if ("found" in piece && piece.found) return <mark key={i}>{piece.text}</mark>;
        return look.class || look.style ? (
          <span key={i} {...look}>
            {piece.text}
          </span>
        ) : (
          piece.text
        );
      })}
      {long ? <span class="a-dim"> … {(props.text.length - shownLimit).toLocaleString()} more characters; download the log to see them</span> : null}
    </>
  );
}

/** Cuts the spans where the search matches; a match may cross colours. */
function mark(spans: Span[], find: string): (Span & { found?: boolean })[] {
  const whole = spans.map((span) => span.text).join("").toLowerCase();
  const wanted = find.toLowerCase();
  const cuts: [number, number][] = [];
  for (let at = whole.indexOf(wanted); at >= 0 && cuts.length < 200; at = whole.indexOf(wanted, at + wanted.length)) cuts.push([at, at + wanted.length]);
  if (!cuts.length) return spans;
  const pieces: (Span & { found?: boolean })[] = [];
  let start = 0;
  for (const span of spans) {
    let at = 0;
    for (const [from, to] of cuts) {
      const a = Math.min(Math.max(from - start, at), span.text.length);
      const b = Math.min(Math.max(to - start, at), span.text.length);
      if (b <= a) continue;
      if (a > at) pieces.push({ text: span.text.slice(at, a), look: span.look });
      pieces.push({ text: span.text.slice(a, b), look: span.look, found: true });
      at = b;
    }
    if (at < span.text.length) pieces.push({ text: span.text.slice(at), look: span.look });
    start += span.text.length;
  }
  return pieces;
}

// Small pieces that every page uses: a state in icon and word, a moment, a
// notice, a button that cannot be pressed twice, a button that copies.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { nowFor, everySecond } from "../clock.ts";
import { messageOf } from "../api/client.ts";
import { stateWords, type State } from "../status.ts";
import { age, duration, local, until, utc } from "../time.ts";
import { Glyph, StateIcon } from "./icons.tsx";

export function Status(props: { state: State; class?: string; word?: string }) {
  return (
    <span class={`status is-${props.state} ${props.class ?? ""}`}>
      <StateIcon state={props.state} />
      <span>{props.word ?? stateWords[props.state]}</span>
    </span>
  );
}

export function Age(props: { at: number }) {
  return (
    <time dateTime={new Date(props.at * 1000).toISOString()} title={`${local(props.at)}\n${utc(props.at)}`}>
      {age(props.at, nowFor(props.at))}
    </time>
  );
}

export function Until(props: { at: number }) {
  return (
    <time dateTime={new Date(props.at * 1000).toISOString()} title={`${local(props.at)}\n${utc(props.at)}`}>
      {until(props.at, nowFor(props.at))}
    </time>
  );
}

export function Moment(props: { at: number }) {
  return (
    <time dateTime={new Date(props.at * 1000).toISOString()} title={utc(props.at)}>
      {local(props.at)}
    </time>
  );
}

/** How long something took, or has been taking so far. */
export function Took(props: { from: number; to?: number | undefined }) {
  if (props.to !== undefined) return <span class="number">{duration(props.to - props.from)}</span>;
  const seconds = Math.max(0, Math.floor(everySecond.value - props.from));
  return <span class="number">{duration(seconds)}</span>;
}

export function Notice(props: { kind: "bad" | "warn" | "info" | "good"; children: ComponentChildren; action?: ComponentChildren }) {
  const icon = props.kind === "good" ? "check" : props.kind === "info" ? "info" : "warning";
  return (
    <div class={`notice is-${props.kind}`} role={props.kind === "bad" ? "alert" : undefined}>
      <div class="notice-text">
        <Glyph name={icon} />
        <div>{props.children}</div>
      </div>
      {props.action}
    </div>
  );
}

export interface Busy {
  busy: boolean;
  error: string | null;
  /** Does nothing while the earlier call is under way, so a double click is one click. */
  run: (work: () => Promise<void>) => Promise<boolean>;
  clear: () => void;
}

export function useBusy(): Busy {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const under_way = useRef(false);
  const here = useRef(true);
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
    };
  }, []);
  const run = async (work: () => Promise<void>) => {
    if (under_way.current) return false;
    under_way.current = true;
    setBusy(true);
    setError(null);
    try {
      await work();
      return true;
    } catch (failure) {
      if (here.current) setError(messageOf(failure));
      return false;
    } finally {
      under_way.current = false;
      if (here.current) setBusy(false);
    }
  };
  return { busy, error, run, clear: () => setError(null) };
}

export function Button(props: {
  onClick?: () => void;
  kind?: "primary" | "danger" | "plain" | "quiet";
  busy?: boolean;
  disabled?: boolean;
  title?: string;
  type?: "button" | "submit";
  class?: string;
  keys?: string;
  label?: string;
  pressed?: boolean;
  children: ComponentChildren;
}) {
  // aria-disabled instead of disabled: the focus stays where it is, and the reason can be read.
  const off = props.disabled || props.busy;
  return (
    <button
      type={props.type ?? "button"}
      class={`button is-${props.kind ?? "plain"} ${props.class ?? ""}`}
      aria-disabled={off ? "true" : undefined}
      aria-busy={props.busy ? "true" : undefined}
      aria-keyshortcuts={props.keys}
      aria-label={props.label}
      aria-pressed={props.pressed}
      title={props.title}
      onClick={(event) => {
        if (off) event.preventDefault();
        else props.onClick?.();
      }}
    >
      {props.busy ? <StateIcon state="running" /> : null}
      {props.children}
    </button>
  );
}

/** The clipboard needs https or localhost; elsewhere the old command still works. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard && window.isSecureContext) {
    try {
      await navigator.clipboard.writeText(text);
      return;
    } catch {
      // Not allowed here: try the old way.
    }
  }
  const focused = document.activeElement as HTMLElement | null;
  const area = document.createElement("textarea");
  area.value = text;
  area.setAttribute("readonly", "");
  area.className = "off-screen";
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  focused?.focus();
  if (!done) throw new Error("The browser does not allow copying here. Select the text and copy it by hand.");
}

export function Copy(props: { text: string; what: string; short?: boolean }) {
  const [state, setState] = useState<"" | "done" | "failed">("");
  const timer = useRef<number | undefined>(undefined);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const copy = () => {
    copyText(props.text).then(
      () => setState("done"),
      () => setState("failed"),
    );
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setState(""), 2500);
  };
  return (
    <button type="button" class="button is-quiet copy" onClick={copy} aria-label={`Copy ${props.what}`} title={`Copy ${props.what}`}>
      <Glyph name={state === "done" ? "check" : "copy"} />
      {props.short && !state ? null : <span>{state === "done" ? "Copied" : state === "failed" ? "Select and copy by hand" : "Copy"}</span>}
      <span class="off-screen" aria-live="polite">
        {state === "done" ? "Copied" : ""}
      </span>
    </button>
  );
}

/** One line to paste somewhere, with its copy button. */
export function Paste(props: { text: string; what: string }) {
  return (
    <div class="paste">
      <code tabIndex={0} role="textbox" aria-readonly="true" aria-label={props.what}>
        {props.text}
      </code>
      <Copy text={props.text} what={props.what} />
    </div>
  );
}

/** Links come from outside: only http and https become links, the rest stays text. */
export function Outside(props: { href: string; children: ComponentChildren }) {
  if (!/^https?:\/\//i.test(props.href)) return <>{props.children}</>;
  return (
    <a href={props.href} target="_blank" rel="noopener noreferrer" class="outside">
      {props.children}
      <Glyph name="external" />
      <span class="off-screen"> (opens in a new tab)</span>
    </a>
  );
}

export function ShortId(props: { id: string }) {
  const short = /^[0-9a-f]{12,64}$/i.test(props.id) ? props.id.slice(0, 7) : props.id.length > 24 ? `${props.id.slice(0, 23)}…` : props.id;
  return (
    <code class="id" title={props.id}>
      {short}
    </code>
  );
}

export function Loading(props: { what: string }) {
  return (
    <div class="loading" role="status">
      <StateIcon state="running" />
      <span>Loading {props.what}…</span>
    </div>
  );
}

/** What to show of data that could not be read: nothing yet, or old data with a warning. */
export function ReadTrouble(props: { error: string | undefined; refresh: () => void; have: boolean }) {
  if (!props.error) return null;
  return (
    <Notice kind={props.have ? "warn" : "bad"} action={<Button onClick={props.refresh}>Try again</Button>}>
      {props.have ? "What you see may be out of date. " : ""}
      {props.error}
    </Notice>
  );
}

// The few drawings we use, all 16 by 16 and in the colour of their text.
import type { ComponentChildren } from "preact";
import type { State } from "../status.ts";

function Icon(props: { children: ComponentChildren; class?: string }) {
  return (
    <svg class={`icon ${props.class ?? ""}`} viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">
      {props.children}
    </svg>
  );
}

const stateShapes: Record<State, ComponentChildren> = {
  idle: <circle cx="8" cy="8" r="6" stroke-dasharray="1.5 3.2" />,
  queued: (
    <>
      <circle cx="8" cy="8" r="6.25" />
      <path d="M8 4.6V8l2.3 1.5" />
    </>
  ),
  running: (
    <>
      <circle cx="8" cy="8" r="6.25" opacity="0.3" />
      <path d="M8 1.75A6.25 6.25 0 0 1 14.25 8" />
    </>
  ),
  waiting: (
    <>
      <circle cx="8" cy="8" r="6.25" />
      <path d="M6.3 5.8v4.4M9.7 5.8v4.4" />
    </>
  ),
  succeeded: (
    <>
      <circle cx="8" cy="8" r="7" fill="currentColor" stroke="none" />
      <path d="m4.9 8.3 2.1 2.1 4.1-4.5" stroke="var(--on-state)" />
    </>
  ),
  failed: (
    <>
      <circle cx="8" cy="8" r="7" fill="currentColor" stroke="none" />
      <path d="m5.6 5.6 4.8 4.8M10.4 5.6l-4.8 4.8" stroke="var(--on-state)" />
    </>
  ),
  cancelling: (
    <>
      <circle cx="8" cy="8" r="6.25" stroke-dasharray="3 2" />
      <rect x="5.9" y="5.9" width="4.2" height="4.2" rx="0.6" fill="currentColor" stroke="none" />
    </>
  ),
  cancelled: (
    <>
      <circle cx="8" cy="8" r="6.25" />
      <path d="m3.7 12.3 8.6-8.6" />
    </>
  ),
  superseded: (
    <>
      <path d="m3 4 4 4-4 4M9 4l4 4-4 4" />
    </>
  ),
  skipped: (
    <>
      <path d="M1.8 9.5a6.3 6.3 0 0 1 11.2-2.8M13.4 3.2v3.7H9.7" />
      <circle cx="7.5" cy="12" r="1.4" fill="currentColor" stroke="none" />
    </>
  ),
};

export function StateIcon(props: { state: State }) {
  return <Icon class={`state-icon is-${props.state}`}>{stateShapes[props.state]}</Icon>;
}

const shapes = {
  play: <path d="M4.5 2.8v10.4L13 8z" fill="currentColor" />,
  stop: <rect x="3.5" y="3.5" width="9" height="9" rx="1.5" fill="currentColor" />,
  again: <path d="M13.2 8a5.2 5.2 0 1 1-1.6-3.75M13.3 1.9v3.2h-3.2" />,
  copy: (
    <>
      <rect x="5.5" y="5.5" width="8" height="8.5" rx="1.5" />
      <path d="M10.5 3V2.8c0-.7-.6-1.3-1.3-1.3H3.8c-.7 0-1.3.6-1.3 1.3v6.4c0 .7.6 1.3 1.3 1.3H4" />
    </>
  ),
  check: <path d="m3 8.5 3.3 3.3L13 4.5" />,
  right: <path d="m6 3.5 4.5 4.5L6 12.5" />,
  external: <path d="M6.5 3H3.3c-.5 0-.8.3-.8.8v8.9c0 .5.3.8.8.8h8.9c.5 0 .8-.300.8-.800V9.5M9.5 2.5h4v4M13.2 2.8 7.5 8.5" />,
  download: <path d="M8 2v8.2M4.5 7 8 10.5 11.5 7M2.5 13.5h11" />,
  search: (
    <>
      <circle cx="7" cy="7" r="4.5" />
      <path d="m10.5 10.5 3.5 3.5" />
    </>
  ),
  down: <path d="M8 2.5v10M3.8 8.5 8 12.7l4.2-4.2" />,
  up: <path d="M8 13.5v-10M3.8 7.5 8 3.3l4.2 4.2" />,
  close: <path d="m3.5 3.5 9 9M12.5 3.5l-9 9" />,
  warning: (
    <>
      <path d="M8 2 14.5 13.5h-13z" />
      <path d="M8 6.5v3M8 11.5v.01" />
    </>
  ),
  info: (
    <>
      <circle cx="8" cy="8" r="6.25" />
      <path d="M8 7.5v3.6M8 4.9v.01" />
    </>
  ),
  branch: (
    <>
      <circle cx="4.5" cy="3.5" r="1.7" />
      <circle cx="4.5" cy="12.5" r="1.7" />
      <circle cx="11.5" cy="5.5" r="1.7" />
      <path d="M4.5 5.2v5.6M11.5 7.2c0 2.6-4.6 2.2-6.6 3.8" />
    </>
  ),
  person: (
    <>
      <circle cx="8" cy="5" r="2.8" />
      <path d="M2.8 13.8c.6-2.9 2.6-4.3 5.2-4.3s4.6 1.4 5.2 4.3" />
    </>
  ),
  log: <path d="M2.5 3.5h11M2.5 6.5h8M2.5 9.5h11M2.5 12.5h6" />,
  link: <path d="M6.8 9.2a2.6 2.6 0 0 0 3.7 0l2.2-2.2A2.6 2.6 0 0 0 9 3.3l-.8.8M9.2 6.8a2.6 2.6 0 0 0-3.7 0L3.3 9A2.6 2.6 0 0 0 7 12.7l.8-.8" />,
} as const;

export function Glyph(props: { name: keyof typeof shapes }) {
  return <Icon>{shapes[props.name]}</Icon>;
}

/** A valve on a pipe: its lever lies along the pipe, or across it. */
export function Valve(props: { closed?: boolean }) {
  return (
    <Icon>
      <circle cx="8" cy="8" r="6.25" />
      {props.closed ? <path d="M8 3.5v9" stroke-width="3" /> : <path d="M3.5 8h9" stroke-width="3" />}
    </Icon>
  );
}

/** The mark: a pipe, and the gate that is lifted out of it. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" fill="var(--mark)" />
      <path d="M3 16h8M21 16h8" stroke="#fff" stroke-width="5" />
      <path d="M11 8.5v15M21 8.5v15" stroke="#fff" stroke-width="3" stroke-linecap="round" />
      <path d="M16 5v13" stroke="#9fe3f7" stroke-width="4" stroke-linecap="round" />
    </svg>
  );
}

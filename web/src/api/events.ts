// One event stream per tab. Browsers allow six connections to a server, so the
// stream is closed while nobody looks at the tab, and whoever shows data reads
// it again when the stream is open: nothing that happened between is missed.
// Within one opening the browser itself resumes with Last-Event-ID.
import { signal } from "@preact/signals";
import type { PenstockEvent } from "./types.ts";

export type StreamState = "off" | "connecting" | "open" | "waiting";
export const streamState = signal<StreamState>("off");

const types = ["execution", "stage", "action", "approval", "job", "pipeline", "runner", "repository", "build", "condition", "rule", "transition", "schedule"];
type Listener = (event: PenstockEvent | null) => void;

const listeners = new Set<Listener>();
let source: EventSource | null = null;
let retry: number | undefined;
let failures = 0;
let wanted = false;

/** The listener gets each event, and null whenever something may have been missed. */
export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(event: PenstockEvent | null): void {
  for (const listener of [...listeners]) listener(event);
}

function close(): void {
  window.clearTimeout(retry);
  retry = undefined;
  source?.close();
  source = null;
}

function open(): void {
  close();
  if (!wanted || document.hidden) {
    streamState.value = "off";
    return;
  }
  streamState.value = failures ? "waiting" : "connecting";
  const current = new EventSource("/events");
  source = current;
  current.onopen = () => {
    failures = 0;
    streamState.value = "open";
    tell(null);
  };
  current.onerror = () => {
    if (source !== current) return;
    streamState.value = "waiting";
    // The browser retries a broken connection by itself, but gives up after a refusal.
    if (current.readyState !== EventSource.CLOSED) return;
    failures += 1;
    retry = window.setTimeout(open, Math.min(1000 * 2 ** Math.min(failures - 1, 5), 20000));
  };
  const receive = (message: MessageEvent<string>) => {
    try {
      tell(JSON.parse(message.data) as PenstockEvent);
    } catch {
      tell(null);
    }
  };
  for (const type of types) current.addEventListener(type, receive as EventListener);
}

export function retryStreamNow(): void {
  failures = 0;
  open();
}

export function startStream(): void {
  if (wanted) return;
  wanted = true;
  document.addEventListener("visibilitychange", visibilityChanged);
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => event.persisted && open());
  open();
}

export function stopStream(): void {
  wanted = false;
  document.removeEventListener("visibilitychange", visibilityChanged);
  close();
  streamState.value = "off";
}

function visibilityChanged(): void {
  if (document.hidden) {
    close();
    streamState.value = "off";
  } else {
    failures = 0;
    open();
  }
}

// Some proxies hold back event streams: then what is shown is read again now and then.
window.setInterval(() => {
  if (wanted && !document.hidden && streamState.value !== "open") tell(null);
}, 10000);

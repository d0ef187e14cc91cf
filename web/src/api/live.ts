// Data that a page shows, kept fresh: read once, read again when an event
// concerns it. Many events make one reading: while one is under way the next
// is only noted. What was read last is shown at once when a page comes back.
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, messageOf } from "./client.ts";
import { listen } from "./events.ts";
import type { PenstockEvent } from "./types.ts";

export interface Live<T> {
  data?: T;
  error?: string;
  missing?: boolean;
  refresh: () => void;
}

const gapMs = 250;
const remembered = new Map<string, unknown>();

export function forgetAll(): void {
  remembered.clear();
}

export function useLive<T>(key: string, read: () => Promise<T>, concerns: (event: PenstockEvent) => boolean): Live<T> {
  const [, redraw] = useState(0);
  const box = useRef<{ key: string; data?: T; error?: string; missing?: boolean; refresh: () => void } | null>(null);
  const latest = useRef({ read, concerns });
  latest.current = { read, concerns };

  if (!box.current || box.current.key !== key) {
    box.current = { key, data: remembered.get(key) as T | undefined, refresh: () => undefined };
  }

  useEffect(() => {
    const mine = box.current!;
    let stopped = false;
    let busy = false;
    let again = false;
    let timer: number | undefined;

    const run = async () => {
      if (busy) {
        again = true;
        return;
      }
      busy = true;
      again = false;
      try {
        const data = await latest.current.read();
        if (stopped) return;
        remembered.set(key, data);
        mine.data = data;
        mine.error = undefined;
        mine.missing = false;
      } catch (error) {
        if (stopped) return;
        mine.error = messageOf(error);
        mine.missing = error instanceof ApiError && (error.status === 404 || /NotFound|DoesNotExist/.test(error.code));
      } finally {
        busy = false;
      }
      redraw((n) => n + 1);
      if (again) schedule();
    };
    const schedule = () => {
      if (busy) again = true;
      else if (timer === undefined && !stopped) {
        timer = window.setTimeout(() => {
          timer = undefined;
          void run();
        }, gapMs);
      }
    };
    mine.refresh = () => void run();
    const silence = listen((event) => {
      if (!event || latest.current.concerns(event)) schedule();
    });
    void run();
    return () => {
      stopped = true;
      window.clearTimeout(timer);
      silence();
    };
  }, [key]);

  const now = box.current;
  return { data: now.data, error: now.error, missing: now.missing, refresh: () => now.refresh() };
}

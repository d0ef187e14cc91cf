// One timer for every age on the page. What is younger than a minute is told
// anew each second, the rest every twenty; nothing ticks in a hidden tab.
import { signal } from "@preact/signals";

const now = () => Date.now() / 1000;

export const everySecond = signal(now());
export const everyTwenty = signal(now());

window.setInterval(() => {
  if (document.hidden) return;
  const time = now();
  everySecond.value = time;
  if (time - everyTwenty.value >= 20) everyTwenty.value = time;
}, 1000);

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) everySecond.value = everyTwenty.value = now();
});

/** The present time, as fresh as something of `then` needs it. Subscribes the caller. */
export function nowFor(then: number): number {
  const near = Math.abs(everyTwenty.peek() - then) < 90;
  return near ? Math.max(everySecond.value, everyTwenty.peek()) : everyTwenty.value;
}

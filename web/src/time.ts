// Times for people. The server speaks epoch seconds; pages show an age, and the
// exact moment in local time and UTC on hover.

/** "just now", "12 s ago", "3 min ago", "2 h ago", "5 days ago". */
export function age(then: number, now: number): string {
  const seconds = Math.max(0, Math.floor(now - then));
  if (seconds < 5) return "just now";
  return `${coarse(seconds)} ago`;
}

/** "in 6 days", "in 12 min", or "now" when it is over. */
export function until(then: number, now: number): string {
  const seconds = Math.ceil(then - now);
  // Something that was given seven days, or an hour, a minute ago still has them.
  const unit = seconds > 86400 ? 86400 : seconds > 3600 - 30 ? 3600 : seconds > 60 ? 60 : 1;
  const rounded = Math.round(seconds / unit) * unit;
  return seconds <= 0 ? "now" : `in ${coarse(rounded)}`;
}

function coarse(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  const days = Math.floor(seconds / 86400);
  return days === 1 ? "1 day" : `${days} days`;
}

/** "0.3 s", "12 s", "2 min 5 s", "1 h 4 min", "2 days 3 h". */
export function duration(seconds: number): string {
  if (!(seconds > 0)) return "0 s";
  if (seconds < 9.95) return `${seconds.toFixed(1).replace(/\.0$/, "")} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return pair(Math.floor(whole / 60), "min", whole % 60, "s");
  if (whole < 86400) return pair(Math.floor(whole / 3600), "h", Math.floor((whole % 3600) / 60), "min");
  const days = Math.floor(whole / 86400);
  return pair(days, days === 1 ? "day" : "days", Math.floor((whole % 86400) / 3600), "h");
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small ? `${large} ${largeUnit} ${small} ${smallUnit}` : `${large} ${largeUnit}`;
}

/** The time since a log began: "0:07.250", "12:34.000", "1:02:03.004". */
export function logTime(milliseconds: number): string {
  const ms = Math.max(0, Math.round(milliseconds));
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(ms / 3600000);
  const minutes = Math.floor(ms / 60000) % 60;
  const rest = `${two(Math.floor(ms / 1000) % 60)}.${String(ms % 1000).padStart(3, "0")}`;
  return hours ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

export function utc(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

const localFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export function local(seconds: number): string {
  return localFormat.format(seconds * 1000);
}

const clockFormat = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

/** Only the time of day, where the day is plain from what stands around. */
export function clockTime(seconds: number): string {
  return clockFormat.format(seconds * 1000);
}

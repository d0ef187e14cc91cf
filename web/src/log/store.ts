// The lines of one log that are in memory, and the fetching of the rest. Pages
// of 500 lines, dropped again when far too many have gathered. Follows the end
// of an open log by long poll.
import { signal } from "@preact/signals";
import { messageOf } from "../api/client.ts";
import type { LogLine, LogPage } from "../api/types.ts";

export const pageLines = 500;
const pagesKept = 120;
const scanLines = 2000;

export type FetchPage = (query: { from: number; count: number; wait?: number }, abort: AbortSignal) => Promise<LogPage>;

interface Page {
  lines: (LogLine | undefined)[];
  used: number;
  asked: boolean;
}

export class LogStore {
  readonly total = signal(0);
  readonly closed = signal(false);
  /** Counts up whenever lines arrived: what is drawn may have changed. */
  readonly arrived = signal(0);
  readonly trouble = signal<string | null>(null);

  private readonly pages = new Map<number, Page>();
  private readonly end = new AbortController();
  private tail: AbortController | null = null;
  private clock = 0;

  constructor(private readonly fetchPage: FetchPage) {}

  line(n: number): LogLine | undefined {
    return this.pages.get(Math.floor(n / pageLines))?.lines[n % pageLines];
  }

  get loaded(): number {
    let count = 0;
    for (const page of this.pages.values()) for (const line of page.lines) if (line) count += 1;
    return count;
  }

  private page(index: number): Page {
    let page = this.pages.get(index);
    if (!page) {
      page = { lines: [], used: 0, asked: false };
      this.pages.set(index, page);
    }
    page.used = this.clock += 1;
    return page;
  }

  private keep(answer: LogPage): void {
    for (const line of answer.lines) this.page(Math.floor(line.n / pageLines)).lines[line.n % pageLines] = line;
    if (answer.total > this.total.value) this.total.value = answer.total;
    if (answer.closed) this.closed.value = true;
    this.trouble.value = null;
    if (this.pages.size > pagesKept) this.drop();
    this.arrived.value += 1;
  }

  private drop(): void {
    const oldest = [...this.pages].filter(([, page]) => !page.asked).sort((a, b) => a[1].used - b[1].used);
    for (const [index] of oldest.slice(0, this.pages.size - pagesKept)) this.pages.delete(index);
  }

  /** Sees to it that these lines arrive, if they are not here yet. */
  need(first: number, last: number): void {
    const end = Math.min(last, this.total.value - 1);
    for (let index = Math.floor(first / pageLines); index * pageLines <= end; index++) {
      const page = this.page(index);
      if (page.asked) continue;
      const from = index * pageLines;
      const until = Math.min(from + pageLines, this.total.value);
      let missing = from;
      while (missing < until && page.lines[missing - from]) missing += 1;
      if (missing >= until) continue;
      page.asked = true;
      void this.load(missing, until - missing).finally(() => (page.asked = false));
    }
  }

  private async load(from: number, count: number): Promise<void> {
    try {
      this.keep(await this.fetchPage({ from, count }, this.end.signal));
    } catch (error) {
      if (!this.end.signal.aborted) this.trouble.value = messageOf(error);
    }
  }

  /** Follows the end until the log is closed or `rest` or `stop` is called. */
  async follow(): Promise<void> {
    if (this.tail || this.closed.value || this.end.signal.aborted) return;
    const mine = new AbortController();
    this.tail = mine;
    let pause = 500;
    while (!mine.signal.aborted && !this.closed.value) {
      try {
        // When a fast writer is far ahead, `total` jumps to its end: the lines
        // between are read when they are looked at.
        this.keep(await this.fetchPage({ from: this.total.value, count: scanLines, wait: 25 }, mine.signal));
        pause = 500;
      } catch (error) {
        if (mine.signal.aborted) break;
        this.trouble.value = messageOf(error);
        await new Promise((wake) => setTimeout(wake, pause));
        pause = Math.min(pause * 2, 10000);
      }
    }
    if (this.tail === mine) this.tail = null;
  }

  /** The first reading: how long the log is, and whether it still grows. */
  async start(): Promise<void> {
    await this.load(0, pageLines);
  }

  rest(): void {
    this.tail?.abort();
    this.tail = null;
  }

  stop(): void {
    this.rest();
    this.end.abort();
  }

  /**
   * Reads through the log in order, from line `start`, and calls `look` for each line until
   * it returns false. Lines are not kept: a million would fill the memory.
   */
  async scan(look: (line: LogLine) => boolean, progress: (done: number) => void, abort: AbortSignal, start = 0): Promise<void> {
    for (let from = start; from < this.total.value && !abort.aborted; ) {
      const lines = await this.piece(from, abort);
      if (!lines.length) return;
      for (const line of lines) if (!look(line)) return;
      from += lines.length;
      progress(from);
    }
  }

  private async piece(from: number, abort: AbortSignal): Promise<LogLine[]> {
    const here: LogLine[] = [];
    for (let n = from; n < from + scanLines; n++) {
      const line = this.line(n);
      if (!line) break;
      here.push(line);
    }
    if (here.length) return here;
    return (await this.fetchPage({ from, count: scanLines }, abort)).lines;
  }
}

const troubleWords =
  /(?:^|[^\w.-])(?:[A-Z][\w.]*(?:Error|Exception)|[a-z][\w.]*\.[A-Z]\w*(?:Error|Exception)|[Ee]rror|ERROR|[Ff]atal|FATAL|panic|[Ff]ailed|FAILED|FAIL|[Ff]ailure|Traceback|[Ss]egmentation fault|command not found|[Nn]o such file or directory|[Pp]ermission denied)(?![\w-])|\bERR!|[✖✗✘]/;
const harmless = /\b(?:0|no|without) (?:errors?|failures?|failed)\b|\b(?:errors?|failures?|failed)\s*[:=]\s*0\b|\b0 failed\b/i;

/** Does this line look like the report of an error? */
export function looksLikeError(text: string): boolean {
  return troubleWords.test(text) && !harmless.test(text);
}

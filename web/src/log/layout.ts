// Where each line of a log stands, in pixels, without a million elements.
// Every line has one row; a wrapped line that was measured taller adds its
// extra. Pure numbers: the view does the drawing.

export class Layout {
  lines = 0;
  private readonly extras = new Map<number, number>();
  private order: number[] = [];
  private sums: number[] = [];
  private stale = false;

  constructor(readonly row: number) {}

  forgetHeights(): void {
    this.extras.clear();
    this.stale = true;
  }

  /** Returns by how much the line grew since it was measured last. */
  measured(line: number, height: number): number {
    const extra = Math.max(0, Math.round(height - this.row));
    const before = this.extras.get(line) ?? 0;
    if (extra === before) return 0;
    if (extra) this.extras.set(line, extra);
    else this.extras.delete(line);
    this.stale = true;
    return extra - before;
  }

  private tidy(): void {
    if (!this.stale) return;
    this.stale = false;
    this.order = [...this.extras.keys()].sort((a, b) => a - b);
    let sum = 0;
    this.sums = this.order.map((line) => (sum += this.extras.get(line) ?? 0));
  }

  /** How many tall lines lie before `line`. */
  private before(line: number): number {
    let low = 0;
    let high = this.order.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.order[middle] ?? 0) < line) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  get height(): number {
    return this.top(this.lines);
  }

  top(line: number): number {
    this.tidy();
    const taller = this.before(line);
    return line * this.row + (taller ? (this.sums[taller - 1] ?? 0) : 0);
  }

  /** The line that covers this pixel. */
  lineAt(pixel: number): number {
    if (this.lines === 0) return 0;
    let low = 0;
    let high = this.lines - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.top(middle) <= pixel) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/**
 * Browsers cannot make an element of 20 million pixels. Above `limit` the
 * scroll bar stands for the log in proportion, while small movements (wheel,
 * arrow keys, touch) still move by exactly the pixels asked for.
 */
export class Scroller {
  top = 0;
  height = 0;
  private lastBar = 0;

  constructor(
    readonly layout: Layout,
    private readonly limit = 8_000_000,
  ) {}

  get topMax(): number {
    return Math.max(0, this.layout.height - this.height);
  }

  get barHeight(): number {
    return Math.min(this.layout.height, this.limit);
  }

  private get barMax(): number {
    return Math.max(0, this.barHeight - this.height);
  }

  /** Where the scroll bar belongs for the present top. */
  get bar(): number {
    return this.layout.height <= this.limit || this.topMax === 0 ? this.top : (this.top / this.topMax) * this.barMax;
  }

  /** The bar was put at `bar` by us: the event that follows is no movement. */
  placed(bar: number): void {
    this.lastBar = bar;
  }

  /** The bar stands higher than we put it, and not because there is less room for it now. */
  isPulledUp(bar: number, barMax: number): boolean {
    return bar < Math.min(this.lastBar, barMax) - 1;
  }

  /** The bar was moved by the reader; returns the distance in the log. */
  moved(bar: number): number {
    const before = this.top;
    const distance = bar - this.lastBar;
    this.lastBar = bar;
    if (this.layout.height <= this.limit) this.top = bar;
    else if (bar > 0 && bar < this.barMax - 1 && Math.abs(distance) < 2 * this.height) this.top += distance;
    else this.top = (bar / this.barMax) * this.topMax;
    this.top = Math.min(Math.max(this.top, 0), this.topMax);
    return this.top - before;
  }
}

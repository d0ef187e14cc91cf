// Links to lines: #L10 and #L10-L20. People count lines from 1, the log from 0.

export interface Range {
  first: number;
  last: number;
}

export function parseLineLink(hash: string): Range | null {
  const match = /^#?L(\d{1,9})(?:-L?(\d{1,9}))?$/i.exec(hash);
  if (!match) return null;
  const one = Number(match[1]) - 1;
  const two = match[2] === undefined ? one : Number(match[2]) - 1;
  if (one < 0 || two < 0) return null;
  return { first: Math.min(one, two), last: Math.max(one, two) };
}

export function lineLink(range: Range): string {
  return range.first === range.last ? `#L${range.first + 1}` : `#L${range.first + 1}-L${range.last + 1}`;
}

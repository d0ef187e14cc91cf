// A small reader of terminal text: SGR colours become spans, everything else a
// terminal would obey (cursor moves, titles, bells) is left out. A carriage
// return rewrites its line, so only what stood there last is shown.

export type Colour = number | [red: number, green: number, blue: number];

export interface Look {
  fore?: Colour;
  back?: Colour;
  bold?: true;
  dim?: true;
  italic?: true;
  underline?: true;
  strike?: true;
  inverse?: true;
}

export interface Span {
  text: string;
  look: Look;
}

const escape = /\x1b(?:\[([0-?]*)[ -/]*([@-~])?|[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~]?)|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]/g;

export function parseAnsi(line: string): Span[] {
  const text = line.includes("\r") ? lastWriting(line) : line;
  if (!/[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(text)) return text ? [{ text, look: {} }] : [];
  const spans: Span[] = [];
  let look: Look = {};
  let at = 0;
  const push = (end: number) => {
    if (end > at) spans.push({ text: text.slice(at, end), look });
  };
  for (const match of text.matchAll(escape)) {
    push(match.index);
    at = match.index + match[0].length;
    if (match[2] === "m") look = applySgr(look, match[1] ?? "");
  }
  push(text.length);
  return spans;
}

export function plainText(line: string): string {
  return parseAnsi(line)
    .map((span) => span.text)
    .join("");
}

/** "10 %\r55 %\r100 %" shows "100 %"; colours set before still hold. */
function lastWriting(line: string): string {
  const parts = line.split("\r");
  let last = parts.length - 1;
  while (last > 0 && !visible(parts[last] ?? "")) last -= 1;
  const before = parts.slice(0, last).join("").match(/\x1b\[[0-9;:]*m/g) ?? [];
  return before.join("") + parts.slice(last).join("");
}

function visible(text: string): boolean {
  return text.replace(escape, "") !== "";
}

function applySgr(before: Look, parameters: string): Look {
  if (/[<=>?]/.test(parameters)) return before;
  const look: Look = { ...before };
  const codes = parameters.replaceAll(":", ";").split(";").map((code) => (code === "" ? 0 : Number(code)));
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0;
    if (code === 38 || code === 48) {
      const [colour, used] = extended(codes, i + 1);
      if (colour !== undefined) look[code === 38 ? "fore" : "back"] = colour;
      i += used;
    } else {
      simple(look, code);
    }
  }
  return look;
}

function simple(look: Look, code: number): void {
  if (code === 0) for (const key of Object.keys(look) as (keyof Look)[]) delete look[key];
  else if (code === 1) look.bold = true;
  else if (code === 2) look.dim = true;
  else if (code === 3) look.italic = true;
  else if (code === 4 || code === 21) look.underline = true;
  else if (code === 7) look.inverse = true;
  else if (code === 9) look.strike = true;
  else if (code === 22) {
    delete look.bold;
    delete look.dim;
  } else if (code === 23) delete look.italic;
  else if (code === 24) delete look.underline;
  else if (code === 27) delete look.inverse;
  else if (code === 29) delete look.strike;
  else if (code >= 30 && code <= 37) look.fore = code - 30;
  else if (code === 39) delete look.fore;
  else if (code >= 40 && code <= 47) look.back = code - 40;
  else if (code === 49) delete look.back;
  else if (code >= 90 && code <= 97) look.fore = code - 82;
  else if (code >= 100 && code <= 107) look.back = code - 92;
}

/** 38;5;N and 38;2;R;G;B: the colour, and how many further codes it took. */
function extended(codes: number[], at: number): [Colour | undefined, number] {
  const byte = (n: number | undefined) => n !== undefined && n >= 0 && n <= 255;
  if (codes[at] === 5) {
    const n = codes[at + 1];
    return [n !== undefined && byte(n) ? n : undefined, 2];
  }
  if (codes[at] === 2) {
    const [red, green, blue] = codes.slice(at + 1, at + 4);
    const good = byte(red) && byte(green) && byte(blue);
    return [good ? [red as number, green as number, blue as number] : undefined, 4];
  }
  return [undefined, codes.length];
}

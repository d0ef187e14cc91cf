// From a terminal look to what the page shows. The sixteen colours on the
// page's own ground are classes (style/log.css has a set for light and dark);
// everything else is computed here and moved until it can be read (4.5 to 1).
import type { Colour, Look } from "./ansi.ts";

type Rgb = [number, number, number];

const sixteen: Rgb[] = [
  [0, 0, 0], [205, 49, 49], [13, 140, 80], [180, 130, 0], [36, 114, 200], [170, 50, 170], [17, 140, 170], [229, 229, 229],
  [102, 102, 102], [241, 76, 76], [35, 209, 139], [245, 220, 67], [59, 142, 234], [214, 112, 214], [41, 184, 219], [255, 255, 255],
];

export function toRgb(colour: Colour): Rgb {
  if (Array.isArray(colour)) return colour;
  const named = sixteen[colour];
  if (named) return named;
  if (colour >= 232) {
    const grey = 8 + (colour - 232) * 10;
    return [grey, grey, grey];
  }
  const cube = colour - 16;
  const level = (n: number) => (n ? 55 + n * 40 : 0);
  return [level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)];
}

export function luminance([red, green, blue]: Rgb): number {
  const part = (byte: number) => {
    const c = byte / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue);
}

export function contrast(a: Rgb, b: Rgb): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** The nearest shade of `fore`, towards black or white, that stands out on `back`. */
export function readable(fore: Rgb, back: Rgb): Rgb {
  const white: Rgb = [255, 255, 255];
  const black: Rgb = [0, 0, 0];
  const goal = contrast(white, back) > contrast(black, back) ? white : black;
  for (let share = 0; share <= 1; share += 0.1) {
    const mixed = fore.map((c, i) => Math.round(c + ((goal[i] ?? 0) - c) * share)) as Rgb;
    if (contrast(mixed, back) >= 4.6) return mixed;
  }
  return goal;
}

const css = ([red, green, blue]: Rgb): string => `rgb(${red} ${green} ${blue})`;
const ground: Record<"light" | "dark", Rgb> = { light: [251, 252, 253], dark: [12, 17, 21] };

export interface Dress {
  class?: string;
  style?: { color?: string; backgroundColor?: string };
}

export function dress(look: Look, scheme: "light" | "dark"): Dress {
  const classes: string[] = [];
  if (look.bold) classes.push("a-bold");
  if (look.italic) classes.push("a-italic");
  if (look.underline) classes.push("a-underline");
  if (look.strike) classes.push("a-strike");

  const fore = look.inverse ? look.back : look.fore;
  const back = look.inverse ? (look.fore ?? "text") : look.back;
  let style: Dress["style"];
  if (back === "text") classes.push("a-inverse");
  else if (back !== undefined) {
    const ground = toRgb(back);
    const light = luminance(ground) > 0.18;
    const wanted: Rgb = fore === undefined ? (light ? [0, 0, 0] : [255, 255, 255]) : toRgb(fore);
    style = { color: css(readable(wanted, ground)), backgroundColor: css(ground) };
  } else if (typeof fore === "number" && fore < 16) classes.push(`a-${fore}`);
  else if (fore !== undefined) style = { color: css(readable(toRgb(fore), ground[scheme])) };
  else if (look.dim) classes.push("a-dim");

  return { ...(classes.length ? { class: classes.join(" ") } : {}), ...(style ? { style } : {}) };
}

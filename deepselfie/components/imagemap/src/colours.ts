// How a facet's values become colours, and which values are selected. Values come in rank order: numbers, 0 and 1 of
// yes_no, or the place in `facet.values` of a choice; NaN where not known. Colours go out as 0xffBBGGRR.

import { clamp } from './dom';
import type { Facet } from './types';

/** What is selected of a facet: a range, both ends in it, or some of its codes. */
export type Only = { low: number; high: number } | { codes: number[] };
/** The numbers at the two ends of the colours. */
export interface Span { low: number; high: number }

const STEPS = 256;
// Lightness rises evenly from stop to stop, so that the scale can be read without its hues too; no end is so dark or so
// light that it is lost on dark or on light paper.
const STOPS: [number, number, number][] = [
  [0.46, 0.17, 292], [0.53, 0.15, 260], [0.605, 0.118, 229], [0.68, 0.115, 190], [0.755, 0.145, 158], [0.83, 0.175, 131],
  [0.9, 0.18, 107],
];
const SCALE = Uint32Array.from({ length: STEPS }, (_, i) => {
  const at = (i / (STEPS - 1)) * (STOPS.length - 1), k = Math.min(Math.floor(at), STOPS.length - 2), t = at - k;
  const [l, c, h] = STOPS[k]!.map((v, j) => v + (STOPS[k + 1]![j]! - v) * t);
  return oklch(l!, c!, h!);
});
// found by a random search for twelve far from each other and from grey, for the red- and the green-blind too (at least 0.1 in
// OKLab); the farthest apart come first
const CHOICES = [
  '4b67fa', 'fbd509', 'a51105', '86cdff', '720caf', 'd45003', '89f0bf', 'ff8516', '719cf5', '7cbb9b', '6e4163', '7868a9',
].map((hex) => { const v = parseInt(hex, 16); return pack(v >> 16, (v >> 8) & 255, v & 255); });
const [NO, YES] = [pack(76, 114, 190), pack(245, 150, 40)];
/** Where a value is not known, and where a choice has more values than there are colours. */
export const GREY = oklch(0.62, 0, 0);

/** The numbers at the ends of the colours: the facet's own, or where they are far out, those that 96 % lie between. */
export function spanOf(facet: Facet, values: Float32Array): Span {
  let known = spans.get(values);
  if (!known) spans.set(values, (known = middle(values)));
  const low = facet.low ?? 0, high = facet.high ?? 1;
  return known.low < known.high && known.high - known.low < 0.6 * (high - low) ? known : { low, high };
}
const spans = new WeakMap<Float32Array, Span>();
function middle(values: Float32Array): Span {
  const sorted = values.filter((v) => v === v).sort(), at = (q: number) => sorted[Math.round(q * (sorted.length - 1))] ?? NaN;
  return { low: at(0.02), high: at(0.98) };
}

/** The colour of one value; `span` is spanOf() of all of them, the facet's low and high without it. */
export function colourOf(facet: Facet, value: number, span?: Span): number {
  if (!(value === value)) return GREY;
  if (facet.kind === 'number') {
    const low = span?.low ?? facet.low ?? 0, high = span?.high ?? facet.high ?? 1;
    return SCALE[clamp(Math.floor(((value - low) / (high - low || 1)) * STEPS), 0, STEPS - 1)]!;
  }
  if (facet.key === 'label') return SCALE[value ? STEPS - 1 : 0]!;
  if (facet.kind === 'yes_no') return value ? YES : NO;
  if (facet.key === 'cluster') return cycled(value);
  return CHOICES[value] ?? GREY;
}

/** Forty colours: hues 9° from each other, those that follow each other far apart, in three lightnesses. */
function cycled(i: number): number {
  return oklch([0.58, 0.7, 0.82][i % 3]!, [0.16, 0.14, 0.11][i % 3]!, 250 + i * 99);
}

/** The colours of all photos, by rank. */
export function paint(facet: Facet, values: Float32Array): Uint32Array {
  const numbers = facet.kind === 'number', { low, high } = numbers ? spanOf(facet, values) : { low: 0, high: 1 };
  const table = numbers ? SCALE : Uint32Array.from({ length: Math.max(2, facet.values.length) }, (_, i) => colourOf(facet, i));
  const scale = numbers ? STEPS / (high - low || 1) : 1, last = table.length - 1, out = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const at = (values[i]! - low) * scale;
    out[i] = at === at ? table[at <= 0 ? 0 : at >= last ? last : at | 0]! : GREY;
  }
  return out;
}

/** A colour for a style sheet. */
export const css = (colour: number): string => `rgb(${colour & 255} ${(colour >> 8) & 255} ${(colour >> 16) & 255})`;

/** By rank: 1 for what is selected; what is not known never is. */
export function passes(values: Float32Array, only: Only): Uint8Array {
  const out = new Uint8Array(values.length);
  if ('codes' in only) {
    const wanted = new Set(only.codes);
    for (let i = 0; i < values.length; i++) if (wanted.has(values[i]!)) out[i] = 1;
    return out;
  }
  const low = Math.fround(only.low), high = Math.fround(only.high); // as exact as the values, or an end would miss its own
  for (let i = 0; i < values.length; i++) if (values[i]! >= low && values[i]! <= high) out[i] = 1;
  return out;
}

/** The name of a code of a facet: 'yes', 'no', or the choice's text. */
export function nameOf(facet: Facet, code: number): string {
  return facet.kind === 'yes_no' ? (code ? 'yes' : 'no') : String(facet.values[code]?.[0] ?? '');
}
/** The codes of a facet in the order in which they are shown, each with its number of photos in the world. */
export function codesOf(facet: Facet): [code: number, count: number][] {
  if (facet.kind === 'choice') return facet.values.map(([, count], code) => [code, count]);
  return [1, 0].map((code) => [code, facet.values.find(([value]) => Number(value) === code)?.[1] ?? 0]);
}

/** For addresses: '0.2~0.8', an end left out where it is the facet's own; or the names, joined by '|'. */
export function onlyToText(facet: Facet, only: Only): string {
  if ('codes' in only) return only.codes.map((code) => escaped(nameOf(facet, code))).join('|');
  return `${only.low === facet.low ? '' : only.low}~${only.high === facet.high ? '' : only.high}`;
}
/** What onlyToText() wrote; null where it says nothing of this facet. */
export function textToOnly(facet: Facet, text: string): Only | null {
  if (facet.kind === 'number') {
    const ends = text.split('~'), own = [facet.low, facet.high];
    const [low, high] = ends.map((end, i) => (end.trim() ? Number(end) : own[i] ?? NaN));
    return ends.length === 2 && low! <= high! ? { low: low!, high: high! } : null;
  }
  const codeOf = new Map(codesOf(facet).map(([code]) => [escaped(nameOf(facet, code)), code]));
  const codes = new Set(text.split('|').map((name) => codeOf.get(name)).filter((code) => code !== undefined));
  return codes.size ? { codes: [...codes] } : null;
}
const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('|', '~1') || '~2';

function pack(r: number, g: number, b: number): number { return (0xff000000 | (b << 16) | (g << 8) | r) >>> 0; }

/** Lightness 0..1, chroma and hue (degrees) of OKLCH -> 0xffBBGGRR; what no screen shows is cut. */
function oklch(lightness: number, chroma: number, hue: number): number {
  const a = chroma * Math.cos((hue * Math.PI) / 180), b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3, m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const shown = (v: number) => clamp(Math.round(255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055)), 0, 255);
  return pack(
    shown(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    shown(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    shown(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  );
}

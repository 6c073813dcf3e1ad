import { describe, expect, it } from 'vitest';
import { colourOf, css, GREY, onlyToText, paint, passes, spanOf, textToOnly, type Only } from './colours';
import type { Facet } from './types';

const numbers = (low: number, high: number): Facet =>
  ({ key: 'brightness', label: 'Brightness', kind: 'number', unit: '%', count: 0, low, high, values: [] });
const choice = (n: number, key = 'split'): Facet => ({
  key, label: key, kind: 'choice', unit: '', count: 0, low: null, high: null,
  values: Array.from({ length: n }, (_, i) => [`v${i}`, n - i]),
});
const yesNo = (key = 'border'): Facet =>
  ({ key, label: key, kind: 'yes_no', unit: '', count: 0, low: null, high: null, values: [[false, 90], [true, 10]] });

type Triple = [number, number, number];
const linear = (v: number) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
const rgb = (colour: number): Triple => [linear(colour & 255), linear((colour >> 8) & 255), linear((colour >> 16) & 255)];
const luminance = ([r, g, b]: Triple) => 0.2126 * r + 0.7152 * g + 0.0722 * b;
function oklab([r, g, b]: Triple): Triple {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s];
}
// Machado, Oliveira and Fernandes 2009, severity 1
const BLIND: Record<string, number[]> = {
  none: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protan: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deutan: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
};
const seen = (colour: number, by: string): Triple => {
  const c = rgb(colour), m = BLIND[by]!;
  return oklab([0, 3, 6].map((k) => Math.max(0, m[k]! * c[0] + m[k + 1]! * c[1] + m[k + 2]! * c[2])) as Triple);
};
const apart = (a: Triple, b: Triple) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
const closest = (colours: number[], by: string) =>
  Math.min(...colours.flatMap((a, i) => colours.slice(0, i).map((b) => apart(seen(a, by), seen(b, by)))));
const range = (n: number) => Array.from({ length: n }, (_, i) => i);

describe('colours', () => {
  const scale = range(65).map((i) => colourOf(numbers(0, 1), i / 64));
  it.each(Object.keys(BLIND))('the scale rises in lightness, in even steps (%s)', (by) => {
    const look = scale.map((colour) => seen(colour, by)), rises = look.slice(1).map((c, i) => c[0] - look[i]![0]);
    expect(Math.min(...rises)).toBeGreaterThan(0);
    if (by !== 'none') return;
    const steps = look.slice(8).map((c, i) => apart(c, look[i]!));
    expect(Math.max(...steps) / Math.min(...steps)).toBeLessThan(1.4);
  });
  it('every colour stands out from dark and from light paper', () => {
    const contrast = (a: number, b: number) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const all = [...scale, GREY, colourOf(yesNo(), 0), colourOf(yesNo(), 1), 
      ...range(40).flatMap((i) => [colourOf(choice(40, 'cluster'), i), colourOf(choice(12), i)])];
    for (const colour of all) {
      expect(contrast(luminance(rgb(colour)), luminance(rgb(0xff161013))), css(colour)).toBeGreaterThan(1.9);
      expect(contrast(luminance(rgb(colour)), 1), css(colour)).toBeGreaterThan(1.25);
    }
  });
  it.each(Object.keys(BLIND))('twelve choices are told apart, and from grey (%s)', (by) => {
    const twelve = range(12).map((i) => colourOf(choice(20), i));
    expect(closest(twelve, by)).toBeGreaterThan(0.12);
    expect(closest(twelve.slice(0, 4), by)).toBeGreaterThan(0.25);
    expect(closest([...twelve, GREY], by)).toBeGreaterThan(0.1);
    expect(colourOf(choice(20), 12)).toBe(GREY);
  });
  it('forty clusters have forty colours', () => {
    const forty = range(40).map((i) => colourOf(choice(40, 'cluster'), i));
    expect(new Set(forty).size).toBe(40);
    expect(closest(forty.slice(0, 12), 'none')).toBeGreaterThan(0.06);
    expect(closest(forty, 'none')).toBeGreaterThan(0.02);
  });
  it('yes and no differ for all eyes; good and bad are the ends of the scale', () => {
    for (const by of Object.keys(BLIND)) expect(closest([0, 1].map((v) => colourOf(yesNo(), v)), by)).toBeGreaterThan(0.15);
    expect([0, 1].map((v) => colourOf(yesNo('label'), v))).toEqual([scale[0], scale[64]]);
  });
  it('what is not known is grey, and only that, opaque all', () => {
    for (const facet of [numbers(0, 1), choice(5), yesNo()]) {
      expect(colourOf(facet, NaN)).toBe(GREY);
      const values = Float32Array.of(0, 1, NaN, 1), painted = paint(facet, values);
      expect([...painted].map((c) => c === GREY)).toEqual([false, false, true, false]);
      expect([...painted].every((c) => c >>> 24 === 255)).toBe(true);
    }
  });
  it('paint() gives each the colour that colourOf() gives', () => {
    const values = Float32Array.from({ length: 3000 }, (_, i) => -0.2 + ((i * 7919) % 3001) / 2000);
    const facet = numbers(-0.2, 1.3), painted = paint(facet, values);
    const near = (a: number, b: number) => apart(oklab(rgb(a)), oklab(rgb(b)));
    values.forEach((v, i) => expect(near(painted[i]!, colourOf(facet, v))).toBeLessThan(0.012));
    const codes = Float32Array.from({ length: 40 }, (_, i) => i);
    expect([...paint(choice(40, 'cluster'), codes)]).toEqual([...codes].map((v) => colourOf(choice(40, 'cluster'), v)));
    expect([...paint(choice(1), codes.slice(0, 1))]).toEqual([colourOf(choice(1), 0)]);
  });
  it('a few far-out numbers do not take the colours from the rest', () => {
    const values = Float32Array.from({ length: 1000 }, (_, i) => (i < 990 ? i / 990 : 100)), facet = numbers(0, 100);
    expect(spanOf(facet, values).high).toBeCloseTo(0.99, 1);
    expect(new Set(paint(facet, values)).size).toBeGreaterThan(200);
    const even = Float32Array.from({ length: 1000 }, (_, i) => i / 999);
    expect(spanOf(numbers(0, 1), even)).toEqual({ low: 0, high: 1 });
    expect(spanOf(numbers(0, 1), Float32Array.of(NaN, NaN))).toEqual({ low: 0, high: 1 });
    expect(spanOf(numbers(0, 1), Float32Array.from({ length: 99 }, (_, i) => (i ? 0 : 1)))).toEqual({ low: 0, high: 1 });
  });
});

describe('what is selected', () => {
  it('both ends are in a range, as exact as the values are', () => {
    const values = Float32Array.of(0.1, 0.2, 0.5, 0.8, 0.9, NaN);
    expect([...passes(values, { low: 0.2, high: 0.8 })]).toEqual([0, 1, 1, 1, 0, 0]);
    expect([...passes(values, { low: -Infinity, high: Infinity })]).toEqual([1, 1, 1, 1, 1, 0]);
  });
  it('codes', () => {
    expect([...passes(Float32Array.of(0, 1, 2, NaN, 1), { codes: [1, 2] })]).toEqual([0, 1, 1, 0, 1]);
    expect([...passes(Float32Array.of(0, NaN), { codes: [] })]).toEqual([0, 0]);
  });

  const odd: Facet = { ...choice(0), values: ['a|b', '~', '~1', '', 'a', 'é ü', '~0|~', 'b', '|'].map((text) => [text, 1]) };
  it('comes back from its text', () => {
    for (let mask = 1; mask < 2 ** odd.values.length; mask++) {
      const only: Only = { codes: range(odd.values.length).filter((i) => mask & (1 << i)).reverse() };
      expect(textToOnly(odd, onlyToText(odd, only))).toEqual(only);
    }
    for (const codes of [[0], [1], [1, 0]]) {
      expect(textToOnly(yesNo(), onlyToText(yesNo(), { codes }))).toEqual({ codes });
      expect(textToOnly(yesNo('label'), onlyToText(yesNo('label'), { codes }))).toEqual({ codes });
    }
    const facet = numbers(-0.25, 1e7), ends = [-0.25, -1e-9, 0, 0.1 + 0.2, 1e7, 1e21];
    for (const low of ends) for (const high of ends) {
      if (low > high) continue;
      expect(textToOnly(facet, onlyToText(facet, { low, high }))).toEqual({ low, high });
    }
  });
  it('reads as people would write it', () => {
    expect(onlyToText(numbers(0, 1), { low: 0.2, high: 0.8 })).toBe('0.2~0.8');
    expect(onlyToText(numbers(0, 1), { low: 0, high: 0.8 })).toBe('~0.8');
    expect(onlyToText(yesNo(), { codes: [1] })).toBe('yes');
    expect(onlyToText(choice(3), { codes: [0, 2] })).toBe('v0|v2');
  });
  it('is nothing where the text says nothing', () => {
    for (const text of ['', '0.5', 'a~b', '0.8~0.2', '1~2~3', 'yes']) expect(textToOnly(numbers(0, 1), text)).toBe(null);
    for (const text of ['', 'maybe', '0.2~0.8', '|']) expect(textToOnly(choice(3), text)).toBe(null);
    expect(textToOnly(choice(3), 'gone|v1|v1')).toEqual({ codes: [1] });
  });
});

import { describe, expect, it } from 'vitest';
import type { Layout } from './layouts';
import { drawNames, namesOf, type Name } from './names';
import type { Facet } from './types';

let seed = 1;
const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
const blob = (n: number, x: number, y: number, r: number) =>
  Array.from({ length: n }, () => [x + r * (random() + random() - 1), y + r * (random() + random() - 1)] as const);

/** Photos of some groups; their ranks are three times their places in the list, so that the two cannot be mistaken. */
function world(groups: Record<string, readonly (readonly [number, number])[]>): [Layout, Float32Array, Facet] {
  const all = Object.values(groups).flat(), codes = Object.values(groups).flatMap((group, code) => group.map(() => code));
  const values = new Float32Array(all.length * 3).fill(NaN);
  codes.forEach((code, i) => { values[3 * i] = code; });
  const layout = {
    ranks: Int32Array.from(all, (_, i) => 3 * i), x: Float32Array.from(all, ([x]) => x), y: Float32Array.from(all, ([, y]) => y),
  } as Layout;
  const facet: Facet = {
    key: 'cluster', label: 'Look', kind: 'choice', unit: '', count: all.length, low: null, high: null,
    values: Object.entries(groups).map(([text, group]) => [text, group.length]),
  };
  return [layout, values, facet];
}

describe('namesOf', () => {
  it('puts a name where its photos are densest', () => {
    const [name] = namesOf(...world({ a: [...blob(300, 0.2, 0.2, 0.05), ...blob(250, 0.5, 0.5, 0.5)] }));
    expect(Math.hypot(name!.x - 0.2, name!.y - 0.2)).toBeLessThan(0.05);
    expect(name!.n).toBe(550);
  });
  it('never in the empty space between them', () => {
    const ring = Array.from({ length: 500 }, (_, i) => [0.5 + 0.4 * Math.cos(i / 7), 0.5 + 0.4 * Math.sin(i / 7)] as const);
    const [name] = namesOf(...world({ ring }));
    expect(ring.some(([x, y]) => Math.hypot(name!.x - x, name!.y - y) < 1e-6)).toBe(true);
    const two = [...blob(300, 0.2, 0.8, 0.1), ...blob(200, 0.9, 0.1, 0.1)];
    const [other] = namesOf(...world({ two }));
    expect(Math.hypot(other!.x - 0.2, other!.y - 0.8)).toBeLessThan(0.1);
  });
  it('in the middle of an even field', () => {
    const field = Array.from({ length: 900 }, (_, i) => [i % 30, Math.floor(i / 30)] as const);
    const [name] = namesOf(...world({ field }));
    expect(Math.hypot(name!.x - 15, name!.y - 15)).toBeLessThan(4);
  });
  it('of very many photos at one place', () => {
    const same = Array(200_000).fill([0.5, 0.25]);
    expect(namesOf(...world({ same }))).toEqual([{ text: 'same', x: 0.5, y: 0.25, n: 200_000 }]);
  });
  it('leaves out what has no name, no photo or no place; the largest comes first', () => {
    const [layout, values, facet] = world({
      small: blob(3, 0, 0, 1), 'unnamed 4': blob(50, 1, 1, 1), large: blob(90, 5, 5, 1),
      nowhere: Array(9).fill([NaN, NaN]), gone: [],
    });
    expect(namesOf(layout, values, facet).map(({ text, n }) => [text, n])).toEqual([['large', 90], ['small', 3]]);
    expect(namesOf(layout, values.fill(NaN), facet)).toEqual([]);
    expect(namesOf(layout, values, { ...facet, kind: 'number', values: [] })).toEqual([]);
  });
});

describe('drawNames', () => {
  interface Box { text: string; x: number; y: number; w: number; h: number }
  function written(names: Name[], camera = { x: 0, y: 0, k: 1 }, view = { width: 800, height: 600, dpr: 2 }): Box[] {
    const out: Box[] = [], halo: string[] = [];
    const size = () => parseInt(context.font.split(' ')[1]!), width = (text: string) => 0.5 * size() * text.length;
    const context = {
      font: '', save() {}, restore() {},
      measureText: (text: string) => ({ width: width(text) }),
      strokeText: (text: string) => halo.push(text),
      fillText: (text: string, x: number, y: number) => {
        expect(halo.at(-1)).toBe(text);
        out.push({ text, x, y, w: width(text), h: size() });
      },
    };
    const theme = { ink: '#000', paper: '#fff', font: 'sans-serif' };
    drawNames(context as unknown as CanvasRenderingContext2D, names, camera, view, theme);
    return out;
  }
  const named = (text: string, x: number, y: number, n: number): Name => ({ text, x, y, n });
  const many = Array.from({ length: 300 }, (_, i) => named(`name ${i}`, 1200 * random() - 600, 900 * random() - 450, 300 - i));

  it('none over another, none cut off, no more than a view can bear', () => {
    for (const k of [0.3, 1, 3]) {
      const boxes = written(many, { x: 0, y: 0, k });
      expect(boxes.length).toBeGreaterThan(5);
      expect(boxes.length).toBeLessThanOrEqual(24);
      for (const [i, a] of boxes.entries()) {
        expect(a.x - a.w / 2 >= 0 && a.x + a.w / 2 <= 800 && a.y - a.h / 2 >= 0 && a.y + a.h / 2 <= 600).toBe(true);
        for (const b of boxes.slice(0, i))
          expect(Math.abs(a.x - b.x) >= (a.w + b.w) / 2 || Math.abs(a.y - b.y) >= (a.h + b.h) / 2).toBe(true);
      }
    }
  });
  it('the larger group wins the place, in larger letters', () => {
    const [first, ...rest] = written([named('large', 0, 0, 900), named('small', 4, 4, 9), named('far', 200, 0, 9)]);
    expect(first).toMatchObject({ text: 'large', x: 400, y: 300, h: 18 });
    expect(rest.map(({ text, h }) => [text, h < 14])).toEqual([['far', true]]);
  });
  it('only those in view', () => {
    expect(written([{ text: 'out', x: 401, y: 0, n: 1 }])).toEqual([]);
    expect(written([{ text: 'out', x: 401, y: 0, n: 1 }], { x: 10, y: 0, k: 1 })).toHaveLength(1);
    expect(written([])).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import type { Atlas } from './atlas';
import { absolute, between, bounded, homeOf, relative, toPlace, toScreen, zoomed } from './camera';
import { bestColumns, layoutOf, step, zoomFor, sizeAt } from './layouts';
import { readLink, writeLink } from './link';
import { edges, inView, thinned, type Look } from './scene';

const n = 120, shape = { width: 900, height: 600, thumb: null, captions: false };
const view = { width: 900, height: 600, dpr: 1, free: { width: 900, height: 600 } };
const atlas = {
  n, grid: { columns: 12, lines: 10 }, flags: new Uint8Array(n),
  column: Uint16Array.from({ length: n }, (_, i) => i % 12), line: Uint16Array.from({ length: n }, (_, i) => Math.floor(i / 12)),
  x: Uint16Array.from({ length: n }, (_, i) => (i * 7919) % 65536), y: Uint16Array.from({ length: n }, (_, i) => (i * 104729) % 65536),
} as unknown as Atlas;
const all = Int32Array.from({ length: n }, (_, i) => i);
const plain: Look = { colour: null, dim: null, hidden: false };

describe('layouts', () => {
  it('the wall fills the view with the largest squares', () => {
    for (const aspect of [0.5, 1, 1.7])
      for (const count of [1, 7, 300, 5000]) {
        const columns = bestColumns(count, aspect), cell = (c: number) => Math.min(aspect / c, 1 / Math.ceil(count / c));
        for (let c = 1; c <= count; c++) expect(cell(columns)).toBeGreaterThanOrEqual(cell(c));
      }
  });
  it('on a grid no two photos share a place, and arrows lead to the neighbour', () => {
    for (const name of ['continuum', 'snapped'] as const) {
      const layout = layoutOf(name, all, atlas, shape);
      expect(new Set([...all].map((i) => `${layout.x[i]},${layout.y[i]}`)).size).toBe(n);
      const next = step(layout, 0, 1, 0);
      expect([layout.x[next]! - layout.x[0]!, layout.y[next]! - layout.y[0]!]).toEqual([1, 0]);
    }
  });
  it('a photo without a place is on no map, but on the wall', () => {
    const flags = new Uint8Array(n);
    flags[5] = 4;
    const layout = layoutOf('tsne', all, { ...atlas, flags } as unknown as Atlas, shape);
    expect(layout.x[5]).toBeNaN();
    expect([...inView(layout, homeOf(layout, view), view, plain, null)]).not.toContain(5);
  });
  it('zooms until photos are as large as asked for', () => {
    const layout = layoutOf('tsne', all, atlas, shape);
    expect(sizeAt(layout, zoomFor(layout, 120))).toBeGreaterThanOrEqual(120);
  });
});

describe('camera', () => {
  const layout = layoutOf('snapped', all, atlas, shape);
  it('a zoom leaves what is under the pointer where it is', () => {
    const before = { x: 6, y: 5, k: 80 }, place = toPlace(before, view, [300, 200]);
    expect(toScreen(zoomed(layout, view, before, 1.7, 300, 200), view, place)[0]).toBeCloseTo(300, 6);
  });
  it('shows all photos in what a panel leaves free, and may see there what it may see at all', () => {
    for (const name of ['continuum', 'tsne', 'snapped'] as const)
      for (const free of [{ width: 620, height: 600 }, { width: 900, height: 330 }]) {
        const layout = layoutOf(name, all, atlas, shape), covered = { ...view, free }, { x0, y0, w, h } = layout;
        const home = homeOf(layout, covered), [left, top] = toScreen(home, view, [x0, y0]), [right, bottom] = toScreen(home, view, [x0 + w, y0 + h]);
        expect(left + right).toBeCloseTo(free.width, 6);
        expect(top + bottom).toBeCloseTo(free.height, 6);
        expect(left).toBeGreaterThan(-1e-6);
        expect(top).toBeGreaterThan(-1e-6);
        for (const k of [layout.least, layout.home * 2, layout.most])
          for (const [x, y] of [[-9e9, -9e9], [9e9, 9e9], [x0 + w / 3, y0 + h / 3]] as const) {
            const allowed = bounded(layout, view, { x, y, k });
            expect(bounded(layout, covered, allowed)).toEqual(allowed);
            const last = toScreen(bounded(layout, covered, { x: 9e9, y: 9e9, k }), view, [x0 + w, y0 + h]);
            expect(last[0]).toBeLessThan(free.width + 1e-6);
            expect(last[1]).toBeLessThan(free.height + 1e-6);
          }
      }
  });
  it('is bounded, and what is bounded stays so', () => {
    const once = bounded(layout, view, { x: -99, y: 1e4, k: 1e9 });
    expect(bounded(layout, view, once)).toEqual(once);
    expect(once.k).toBe(layout.most);
  });
  it('goes through an address unchanged, and a flight ends where it should', () => {
    const camera = bounded(layout, view, { x: 5, y: 4, k: 150 }), text = writeLink('?world=a', {
      layout: 'snapped', view: relative(layout, camera), photo: 'a:b&c', colour: null, only: null,
    });
    const seen = readLink(text), back = absolute(layout, view, seen.view!);
    expect(back.x).toBeCloseTo(camera.x, 2);
    expect(back.k / camera.k).toBeCloseTo(1, 3);
    expect(seen.photo).toBe('a:b&c');
    expect(text).toContain('world=a');
    expect(between(homeOf(layout, view), camera, 1).x).toBeCloseTo(camera.x, 9);
  });
});

describe('scene', () => {
  it('the best lies on top, and what is not selected at the bottom', () => {
    const layout = layoutOf('tsne', all, atlas, shape), dim = new Uint8Array(n);
    dim[0] = 1;
    expect(inView(layout, homeOf(layout, view), view, plain, null).at(-1)).toBe(0);
    const list = inView(layout, homeOf(layout, view), view, { ...plain, dim }, null);
    expect([list[0], list.length]).toEqual([0, n]);
    expect(inView(layout, homeOf(layout, view), view, { ...plain, dim, hidden: true }, null)).not.toContain(0);
  });
  it('thins out what is covered, never the best, and only where photos overlap', () => {
    const heap = { ...atlas, x: new Uint16Array(n).fill(9), y: new Uint16Array(n).fill(9) } as unknown as Atlas;
    const layout = layoutOf('tsne', all, heap, shape), kept = thinned(layout, layout.home, plain)!;
    expect([kept[0], kept.reduce((a, b) => a + b)]).toEqual([1, 1]);
    expect(thinned(layoutOf('snapped', all, atlas, shape), 50, plain)).toBeNull();
  });
  it('neighbours meet, at every zoom', () => {
    for (let k = 0.7; k < 40; k *= 1.013)
      for (let c = 0; c < 60; c++) expect(edges((c + 0.5) * k + 0.1, k)[1]).toBeLessThanOrEqual(Math.max(edges((c + 1.5) * k + 0.1, k)[0], edges((c + 0.5) * k + 0.1, k)[0] + 1));
  });
});

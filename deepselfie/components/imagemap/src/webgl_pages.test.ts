// The pages in the GPU: which are brought, wanted, kept and told of. The GPU is a stub that knows its textures' layers.
import { describe, expect, it } from 'vitest';
import type { Atlas } from './atlas';
import type { Scene } from './scene';
import type { Family } from './types';
import { PageLayers } from './webgl_pages';

const N = 40_000, SIDE = 16, COLUMNS = 200; // level 2: pages of 16 × 16 photos; 157 by rank, 169 by map
const LEVELS = [{ px: 8, page: 2048 }, { px: 32, page: 1024 }, { px: 64, page: 1024 }];

function stub() {
  const textures: number[] = []; // layers of each
  const seen = { layers: 0, uploads: [] as number[] };
  const gl = new Proxy({} as Record<string, unknown>, {
    get: (_, name) => {
      if (name === 'createTexture') return () => textures.push(0);
      if (name === 'texStorage3D') return (...given: number[]) => { seen.layers = given[5]!; };
      if (name === 'texSubImage3D') return (...given: number[]) => { seen.uploads.push(given[4]!); };
      return String(name) === String(name).toUpperCase() ? 1 : () => ({});
    },
  });
  return { gl: gl as unknown as WebGL2RenderingContext, seen };
}

function names(family: Family, level: number): string[] {
  const { px, page } = LEVELS[level]!, side = page / px;
  const count = family === 'rank' ? Math.ceil(N / side ** 2) : Math.ceil(COLUMNS / side) * Math.ceil(N / COLUMNS / side);
  return Array.from({ length: count }, (_, number) => `${family}-${level}-${number}`);
}

function world() {
  const come = new Set<string>(), rank = Uint32Array.from({ length: N }, (_, i) => i);
  const atlas = {
    n: N, grid: { columns: COLUMNS, lines: N / COLUMNS },
    // far from the order, so that the two families share no page
    column: Uint16Array.from(rank, (i) => ((i * 7919) % N) % COLUMNS),
    line: Uint16Array.from(rank, (i) => Math.floor(((i * 7919) % N) / COLUMNS)),
    levels: LEVELS.map(({ px, page }, l) => ({ px, page, pages: { rank: names('rank', l), map: names('map', l) } })),
    pages: { get: (name: string) => (come.has(name) ? { width: 1024, height: 1024 } : undefined) },
    pageOf(i: number, l: number, family: Family) {
      const side = LEVELS[l]!.page / LEVELS[l]!.px;
      if (family === 'rank') return Math.floor(i / side ** 2);
      return Math.floor(this.line[i]! / side) * Math.ceil(COLUMNS / side) + Math.floor(this.column[i]! / side);
    },
  };
  const scene = (from: number, to: number, families: Family[] = ['rank']): Scene =>
    ({ list: Uint32Array.from({ length: to - from }, (_, i) => from + i), ranks: rank, families, to: null }) as unknown as Scene;
  return { atlas: atlas as unknown as Atlas, come, scene };
}

function bench() {
  const { atlas, come, scene } = world(), { gl, seen } = stub(), pages = new PageLayers(gl, 0, atlas);
  /** Frames until nothing changes; whatever is wanted comes. */
  const settle = (from: number, to: number, families?: Family[]): void => {
    for (let round = 0; round < 50; round++) {
      const { wanted, more } = pages.bring(scene(from, to, families), 2);
      wanted.forEach((name) => come.add(name));
      if (!more && !wanted.size) return;
    }
    throw new Error('it never comes to rest');
  };
  const layer = (name: string): number => {
    const [family, l, page] = name.split('-') as [Family, string, string];
    const first = pages.about[4 * Number(l) + (family === 'rank' ? 2 : 3)]!;
    return pages.table[first + Number(page)]! - 1;
  };
  return { come, scene, seen, pages, settle, layer };
}
const PER_PAGE = SIDE ** 2;

describe('PageLayers', () => {
  it('wants the sharpest pages first, those of most photos before others, then those that stand in for them', () => {
    const { pages, scene } = bench();
    const { wanted, more } = pages.bring(scene(PER_PAGE - 10, 2 * PER_PAGE + 100), 2);
    expect([...wanted]).toEqual(['rank-2-1', 'rank-2-2', 'rank-2-0', 'rank-1-0']);
    expect(more).toBe(false);
  });
  it('wants no page to stand in for one that has come', () => {
    const { pages, scene, come, layer } = bench();
    come.add('rank-2-0');
    const { wanted } = pages.bring(scene(0, PER_PAGE), 2);
    expect(wanted.size).toBe(0);
    expect(layer('rank-2-0')).toBe(0);
    expect(layer('rank-2-1')).toBe(-1);
  });
  it('tells the families and levels apart', () => {
    const { settle, layer } = bench();
    settle(0, 3 * PER_PAGE);
    expect(layer('map-2-0')).toBe(-1);
    expect(layer('rank-1-0')).toBe(-1);
    settle(0, 1, ['map']);
    const layers = ['rank-2-0', 'rank-2-1', 'rank-2-2', 'map-2-0'].map(layer);
    expect(new Set(layers).size).toBe(4);
    expect(Math.min(...layers)).toBe(0);
  });
  it('takes from the other family what has come, but does not ask for it', () => {
    const { pages, scene, come, layer } = bench();
    come.add('map-2-0');
    const { wanted } = pages.bring(scene(0, PER_PAGE, ['rank', 'map']), 2);
    expect(layer('map-2-0')).toBe(0);
    expect([...wanted].filter((name) => name.startsWith('map'))).toEqual([]);
  });
  it('uploads a few pages a frame, and says that there are more', () => {
    const { pages, scene, come, seen } = bench();
    for (let p = 0; p < 10; p++) come.add(`rank-2-${p}`);
    const all = scene(0, 10 * PER_PAGE), said = [1, 2, 3, 4].map(() => pages.bring(all, 2).more);
    expect(said).toEqual([true, true, false, false]);
    expect(seen.uploads.length).toBe(10);
    expect(new Set(seen.uploads).size).toBe(10);
  });
  it('grows with what a view needs, and gives up the oldest page before that', () => {
    const { settle, seen, layer } = bench();
    for (let p = 0; p < 60; p++) settle(p * PER_PAGE, (p + 1) * PER_PAGE);
    expect(seen.layers).toBe(8);
    expect(layer('rank-2-59')).toBeGreaterThanOrEqual(0);
    expect(layer('rank-2-51')).toBe(-1);
    settle(0, 20 * PER_PAGE);
    expect(seen.layers).toBe(32);
    const layers = Array.from({ length: 20 }, (_, p) => layer(`rank-2-${p}`));
    expect(new Set(layers).size).toBe(20);
    expect(Math.min(...layers)).toBeGreaterThanOrEqual(0);
  });
  it('does not drop for a new page one that is in view', () => {
    const { pages, settle, scene, come, seen } = bench();
    settle(0, 8 * PER_PAGE);
    come.add('rank-2-8');
    const all = scene(100, 9 * PER_PAGE); // the new page is one of the busiest, the first one the least
    for (let frame = 0; frame < 5; frame++) pages.bring(all, 2);
    expect(seen.uploads.length).toBe(9);
  });
  it('stays within 48 layers, and at rest, where a view would need more', () => {
    const { settle, seen, layer } = bench();
    settle(0, N);
    expect(seen.layers).toBe(48);
    const held = Array.from({ length: 157 }, (_, p) => layer(`rank-2-${p}`)).filter((at) => at >= 0);
    expect(held.length).toBe(40);
    const uploads = seen.uploads.length;
    settle(0, N);
    expect(seen.uploads.length).toBe(uploads);
  });
  it('asks for nothing at the smallest level', () => {
    const { pages, scene } = bench();
    expect(pages.bring(scene(0, N), 0)).toEqual({ wanted: new Set(), more: false });
  });
});

import { describe, expect, it } from 'vitest';
import type { Atlas } from './atlas';
import { Pixels } from './pixels';
import { inView, standOf, type Look, type Scene } from './scene';
import type { Layout } from './layouts';
import type { Camera } from './types';

globalThis.ImageData ??= class { // node has none
  readonly data: Uint8ClampedArray;
  constructor(readonly width: number, readonly height: number) { this.data = new Uint8ClampedArray(4 * width * height); }
} as never;

const N = 400, VIEW = { width: 120, height: 80, dpr: 1, free: { width: 120, height: 80 } }, PAGE = 128, PX = 16;
let seed = 7;
const random = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647;
const colour = (): number => (0xff000000 | (random() * 0xffffff)) >>> 0;
const page = Uint32Array.from({ length: PAGE * PAGE }, colour);

/** An atlas all of whose pages are the same one; none has come while `come` is false. */
function atlas(come = true): Atlas & { come: boolean } {
  const side = PAGE / PX;
  return {
    come, n: N, tinySide: 8, tiny: Uint32Array.from({ length: N * 64 }, colour), half: Uint32Array.from({ length: N * 16 }, colour), levels: [{}, { px: PX, page: PAGE, pages: { map: Array(9).fill('p') } }],
    pages: { landed: 0 }, trimPixels() {}, pageOf: (rank: number) => Math.floor(rank / side ** 2),
    texelOf: (rank: number) => ((Math.floor(rank / side) % side) * PAGE + (rank % side)) * PX,
    pixels(this: { come: boolean }) { return this.come ? page : undefined; },
  } as never;
}
const layout = (columns: number): Layout => ({
  name: columns ? 'snapped' : 'tsne', family: 'map', columns, top: false, home: 4, thumb: 7, x0: 0, y0: 0, w: 20, h: 20, ranks: Int32Array.from({ length: N }, (_, i) => i),
  x: Float32Array.from({ length: N }, (_, i) => (columns ? i % 20 : 20 * random())), y: Float32Array.from({ length: N }, (_, i) => (columns ? Math.floor(i / 20) : 20 * random())),
}) as never;
function scene(of: Atlas, photos: Layout, camera: Camera, look: Look, dpr = 1): Scene {
  const view = { ...VIEW, dpr };
  return {
    atlas: of, ranks: photos.ranks, from: standOf(photos, camera), to: null, t: 0, list: inView(photos, camera, view, look, null), level: 1,
    families: ['map'], look, paper: 0xff202020, view, still: false,
  };
}
const plain: Look = { colour: null, dim: null, hidden: false };
const dim = Uint8Array.from({ length: N }, () => Number(random() < 0.5));
const looks: [string, Look][] = [
  ['plain', plain], ['dimmed', { ...plain, dim }], ['hidden', { ...plain, dim, hidden: true }], ['coloured', { ...plain, colour: Uint32Array.from({ length: N }, colour), dim }],
];
const drawn = (pixels: Pixels, what: Scene): Uint32Array => {
  const { width, height, dpr } = what.view;
  return new Uint32Array(pixels.draw(what, width * dpr, height * dpr, new Set()).data.buffer).slice();
};
/** How many pixels differ. */
const apart = (a: Uint32Array, b: Uint32Array): number => a.filter((pixel, i) => pixel !== b[i]).length;

describe('a pan', () => {
  for (const columns of [0, 20]) for (const k of [4, 9, 30]) for (const [name, look] of looks)
    it(`looks as if all were drawn anew: ${columns ? 'grid' : 'scatter'}, ${name}, ${k} px a unit`, () => {
      const photos = layout(columns), of = atlas(), kept = new Pixels();
      const camera = { x: 10.013, y: 9.987, k };
      for (const [dx, dy] of [[0, 0], [7, 3], [-11, 0], [0, -5], [1, -1], [-40, 30], [300, 0], [0.5, 0.25], [6, 3], [0, 0]] as const) {
        camera.x -= dx / k;
        camera.y -= dy / k;
        const now = scene(of, photos, { ...camera }, look);
        expect(apart(drawn(kept, now), drawn(new Pixels(), now)), `${[dx, dy]}`).toBe(0);
      }
    });
  it('and a selection made on it', () => {
    for (const columns of [0, 20]) for (const k of [4, 9, 30]) for (const [, look] of looks) {
      const photos = layout(columns), of = atlas(), kept = new Pixels(), camera = { x: 10.013, y: 9.987, k };
      drawn(kept, scene(of, photos, camera, { ...look, dim: null, hidden: false }));
      const moved = { ...camera, x: camera.x + 3 / k };
      drawn(kept, scene(of, photos, moved, { ...look, dim: null, hidden: false }));
      for (const then of [look, { ...look, dim: null }, look, { ...look, dim, hidden: true }]) {
        const now = scene(of, photos, moved, then);
        expect(apart(drawn(kept, now), drawn(new Pixels(), now))).toBe(0);
      }
    }
  });
  it('and a lasso, in and out of which photos are among themselves', () => {
    for (const columns of [0, 20]) for (const k of [4, 5, 5.5]) for (const colours of [null, looks[3]![1].colour]) {
      const photos = layout(columns), of = atlas(), kept = new Pixels(), camera = { x: 10.013, y: 9.987, k };
      const look = { colour: colours, dim: null, hidden: false }, held = { ...look, dim: Uint8Array.from(photos.x, (x, i) => Number(Math.hypot(x - 9, photos.y[i]! - 10) > 5)) };
      drawn(kept, scene(of, photos, camera, look));
      const now = scene(of, photos, camera, held);
      expect(apart(drawn(kept, now), drawn(new Pixels(), now))).toBe(0);
    }
  });
  it('draws all where a thumbnail is missing, for it may have come', () => {
    const photos = layout(20), of = atlas(false), kept = new Pixels(), at = (x: number) => scene(of, photos, { x, y: 10, k: 30 }, plain);
    const wanted = new Set<string>();
    kept.draw(at(10), 120, 80, wanted);
    expect([...wanted]).toEqual(['p']);
    of.come = true;
    expect(apart(drawn(kept, at(9)), drawn(new Pixels(), at(9)))).toBe(0);
  });
  it('is drawn in as few photos as come into view', () => {
    const photos = layout(20), of = atlas(), kept = new Pixels();
    let read = 0;
    const counted = { ...of, texelOf: (rank: number) => { read++; return of.texelOf(rank, 1, 'map'); } } as never as Atlas;
    drawn(kept, scene(counted, photos, { x: 10, y: 10, k: 30 }, plain));
    const all = read;
    drawn(kept, scene(counted, photos, { x: 10 + 2 / 30, y: 10, k: 30 }, plain));
    expect(all).toBeGreaterThan(9);
    expect(read - all).toBeLessThan(all / 2);
  });
});

// @vitest-environment happy-dom
import { describe, expect, it, vi } from 'vitest';
import type { Atlas } from './atlas';
import { homeOf } from './camera';
import { layoutOf } from './layouts';
import { miniature, Minimap } from './minimap';
import type { Look } from './scene';

const plain: Look = { colour: null, dim: null, hidden: false };
const view = { width: 800, height: 400, dpr: 1, free: { width: 800, height: 400 } };
/** 32 photos, each of a colour of its own, on a wall of 8 x 4. */
const colour = Uint32Array.from({ length: 32 }, (_, rank) => (0xff000000 | (rank * 7 + 1)) >>> 0);
const atlas = { n: 32, colour } as Atlas;
const ranks = Int32Array.from({ length: 32 }, (_, rank) => rank);
const wall = layoutOf('continuum', ranks, atlas, { ...view, thumb: null, captions: false });

describe('miniature', () => {
  it('shows each photo at its place in its colour', () => {
    const pixels = miniature(atlas, wall, plain, 80, 40);
    for (let y = 0; y < 40; y++)
      for (let x = 0; x < 80; x++) expect(pixels[y * 80 + x]).toBe(colour[Math.floor(y / 10) * 8 + Math.floor(x / 10)]);
  });
  it('leaves none out where photos are smaller than its pixels would have them', () => {
    const places = { x: Float32Array.of(0.01, 7.99), y: Float32Array.of(0.01, 3.99) };
    const map = { ...wall, ranks: Int32Array.of(0, 31), ...places };
    const pixels = miniature(atlas, map, plain, 3, 3);
    expect(pixels[0]).toBe(colour[0]);
    expect(pixels[8]).toBe(colour[31]);
  });
  it('takes the colours of the look, makes what is not selected faint, or leaves it out', () => {
    const green = new Uint32Array(32).fill(0xff00ff00), dim = new Uint8Array(32).fill(1);
    dim[0] = 0;
    const faint = miniature(atlas, wall, { colour: green, dim, hidden: false }, 8, 4);
    expect([faint[0], faint[1]]).toEqual([0xff00ff00, 0x3300ff00]);
    const hidden = miniature(atlas, wall, { colour: green, dim, hidden: true }, 8, 4);
    expect([hidden[0], hidden[1]]).toEqual([0xff00ff00, 0]);
  });
  it('puts the better of two photos on top, but never one that is not selected', () => {
    const one = { ...wall, columns: 0, thumb: 50, x: new Float32Array(32).fill(4), y: new Float32Array(32).fill(2) };
    const middle = (look: Look) => miniature(atlas, one, look, 81, 41)[20 * 81 + 40];
    expect(middle(plain)).toBe(colour[0]);
    const dim = new Uint8Array(32).fill(1);
    dim[9] = 0;
    expect(middle({ ...plain, dim })).toBe(colour[9]);
  });
  it('passes over a photo without a place', () => {
    const map = { ...wall, x: wall.x.map((x, i) => (i ? x : NaN)) };
    const pixels = miniature(atlas, map, plain, 8, 4);
    expect([pixels[0], pixels[1]]).toEqual([0, colour[1]]);
  });
});

describe('Minimap', () => {
  const minimap = (onMove = vi.fn()) => {
    const made = new Minimap(onMove), canvas = made.box.querySelector('canvas')!;
    canvas.getContext = (() => null) as never;
    canvas.getBoundingClientRect = () => ({ left: 100, top: 200, width: 80, height: 40 }) as DOMRect;
    made.box.setPointerCapture = () => {};
    const send = (type: string, clientX: number, clientY: number) =>
      made.box.dispatchEvent(new PointerEvent(type, { clientX, clientY, pointerId: 1, button: 0 }));
    return { made, onMove, send };
  };
  globalThis.ImageData ??= class {} as never;

  it('is there only when a part of the layout is in view', () => {
    const { made } = minimap(), home = homeOf(wall, view);
    made.paint(atlas, wall, home, view, plain);
    expect(made.box.hidden).toBe(true);
    made.paint(atlas, wall, { ...home, k: home.k * 2 }, view, plain);
    expect(made.box.hidden).toBe(false);
    const { left, top, width, height } = (made.box.querySelector('.frame') as HTMLElement).style;
    expect([left, top, width, height].map(parseFloat)).toEqual([50, 50, 50, 50]);
  });
  it('leads to where it is pressed and dragged', () => {
    const { made, onMove, send } = minimap();
    made.paint(atlas, wall, { x: 1, y: 0.5, k: 400 }, view, plain);
    send('pointermove', 150, 220);
    expect(onMove).not.toHaveBeenCalled();
    send('pointerdown', 150, 220);
    send('pointermove', 160, 230);
    send('pointerup', 160, 230);
    send('pointermove', 170, 230);
    expect(onMove.mock.calls).toEqual([[5, 2], [6, 3]]);
  });
  it('taken by its frame, moves as the pointer does', () => {
    const { made, onMove, send } = minimap();
    made.paint(atlas, wall, { x: 2, y: 2, k: 200 }, view, plain);
    send('pointerdown', 115, 215); // (1.5, 1.5): within 0..4 x 1..3
    expect(onMove).not.toHaveBeenCalled();
    send('pointermove', 125, 215);
    expect(onMove.mock.calls).toEqual([[3, 2]]);
  });
  it('is painted anew for another layout or look alone', () => {
    const { made } = minimap(), look = { ...plain }, canvas = made.box.querySelector('canvas')!;
    const context = vi.fn(() => null);
    canvas.getContext = context as never;
    for (const x of [1, 2, 3]) made.paint(atlas, wall, { x, y: 1, k: 400 }, view, look);
    expect(context).toHaveBeenCalledTimes(1);
    made.paint(atlas, wall, { x: 3, y: 1, k: 400 }, view, { ...look, dim: new Uint8Array(32) });
    made.paint(atlas, { ...wall }, { x: 3, y: 1, k: 400 }, view, look);
    expect(context).toHaveBeenCalledTimes(3);
  });
});

// What one frame shows: which photos, where, in which order. Made by the map, drawn by a renderer.

import type { Atlas } from './atlas';
import { sizeAt, type Layout } from './layouts';
import type { Camera, Family, View } from './types';

/** Photos at their places under a camera; `size` is the side of each, px. */
export interface Stand { x: Float32Array; y: Float32Array; camera: Camera; size: number }

/** How photos look, by rank. */
export interface Look {
  colour: Uint32Array | null; // 0xffBBGGRR: small photos are flat in it, larger ones framed
  dim: Uint8Array | null; // 1: not selected
  hidden: boolean; // what is not selected is left out instead of greyed
}

export interface Scene {
  atlas: Atlas;
  ranks: Int32Array;
  from: Stand;
  to: Stand | null; // on a flight from layout to layout
  t: number; // how far on the flight, 0..1
  list: Uint32Array; // places in `ranks`, back to front
  level: number; // of the atlas, that is sharp enough
  families: Family[]; // where to look for thumbnails, first things first
  look: Look;
  paper: number; // 0xffBBGGRR
  view: View;
  still: boolean; // nothing moves: time to draw well
}

export const DIM = 0.2; // opacity of what is not selected
export const TINY = 12; // device px: photos up to this side are drawn from `atlas.tiny`, pixel by pixel
export const FLAT = 14; // device px: coloured photos up to this side are flat
export const frameOf = (side: number): number => Math.max(2, Math.round(side * 0.07)); // device px of a coloured frame
/** Device px of an edge. A thousandth off the half, where the last digits would round neighbours' edges apart. */
export const snapped = (edge: number): number => Math.floor(edge + 0.501);
/** Device px of a photo's edges: rounded each by itself, so that neighbours meet. */
export const edges = (middle: number, side: number): [number, number] =>
  [snapped(middle - side / 2), Math.max(snapped(middle + side / 2), snapped(middle - side / 2) + 1)];

/** The sharpest level that photos of this side (device px) can show. */
export function levelFor(atlas: Atlas, side: number): number {
  const wanted = side <= TINY ? 0 : side <= 44 ? 1 : 2;
  return Math.min(wanted, atlas.levels.length - 1);
}

/** The middle of photo i of a scene, px in the view. */
export function middleOf({ from, to, t, view }: Scene, i: number): [number, number] {
  const at = ({ x, y, camera }: Stand): [number, number] =>
    [(x[i]! - camera.x) * camera.k + view.width / 2, (y[i]! - camera.y) * camera.k + view.height / 2];
  const [px, py] = at(from);
  if (!to) return [px, py];
  const [qx, qy] = at(to);
  return [px + (qx - px) * t, py + (qy - py) * t];
}
export const sideOf = ({ from, to, t }: Scene): number => from.size + ((to?.size ?? from.size) - from.size) * t;

export const LAYERS_FROM = 12; // px: from this side on, photos that others cover are left out

/** Which photos are in view, back to front: the best of the crowd on top, what is not selected at the bottom. */
export function inView(layout: Layout, camera: Camera, view: View, look: Look, kept: Uint8Array | null): Uint32Array {
  const { x, y, ranks } = layout, n = ranks.length, half = sizeAt(layout, camera.k) / 2 / camera.k;
  const [left, right] = [camera.x - view.width / 2 / camera.k - half, camera.x + view.width / 2 / camera.k + half];
  const [top, bottom] = [camera.y - view.height / 2 / camera.k - half, camera.y + view.height / 2 / camera.k + half];
  const list = new Uint32Array(n), { dim } = look;
  let count = 0, end = n; // what is selected is put at the list's end, from the last photo of all on, and goes behind the others then
  for (let i = n - 1; i >= 0; i--) {
    const u = x[i]!, v = y[i]!;
    if (!(u > left && u < right && v > top && v < bottom) || (kept && !kept[i])) continue;
    if (!dim) list[count++] = i;
    else if (dim[ranks[i]!] !== 1) list[--end] = i;
    else if (!look.hidden) list[count++] = i;
  }
  if (!dim) return list.subarray(0, count);
  list.subarray(end).reverse();
  list.copyWithin(count, end);
  return list.subarray(0, count + n - end);
}

/** Where photos overlap: 1 for each that is to be drawn, so that no more than about four lie on one another.
 *  It depends on the zoom alone, so that nothing comes and goes while one pans. null: all are. */
export function thinned(layout: Layout, k: number, look: Look): Uint8Array | null {
  const size = sizeAt(layout, k);
  if (layout.columns || size < LAYERS_FROM) return null;
  const { x, y, ranks, x0, y0, w, h } = layout, n = ranks.length, bucket = size / 2 / k;
  const across = Math.ceil(w / bucket) + 1, taken = new Uint8Array(across * (Math.ceil(h / bucket) + 1)), kept = new Uint8Array(n);
  for (const wanted of look.dim ? [0, 1] : [undefined])
    for (let i = 0; i < n; i++) {
      if (wanted !== undefined && look.dim![ranks[i]!] !== wanted) continue;
      const at = Math.floor((y[i]! - y0) / bucket) * across + Math.floor((x[i]! - x0) / bucket);
      if (taken[at]) continue; // also where there is no place: NaN is not an index
      if (at === at) taken[at] = kept[i] = 1;
    }
  return kept;
}

/** The list of a scene: the photos in view, or all of them on a flight. The same array while nothing has changed. */
export class Lists {
  private listed: { key: unknown[]; list: Uint32Array } | null = null;
  private kept: { key: unknown[]; kept: Uint8Array | null } | null = null;

  of(layout: Layout, camera: Camera, view: View, look: Look, flying: boolean): Uint32Array {
    const key = [layout, camera.x, camera.y, camera.k, view, look, flying];
    if (!same(key, this.listed?.key)) {
      const seen = flying ? { ...view, width: Infinity, height: Infinity } : view;
      this.listed = { key, list: inView(layout, camera, seen, look, flying ? null : this.thinned(layout, camera.k, look)) };
    }
    return this.listed!.list;
  }
  private thinned(layout: Layout, k: number, look: Look): Uint8Array | null {
    const key = [layout, k, look];
    if (!same(key, this.kept?.key)) this.kept = { key, kept: thinned(layout, k, look) };
    return this.kept!.kept;
  }
}
export const same = (a: unknown[], b: unknown[] | undefined): boolean => a.every((part, i) => part === b?.[i]);

/** The photo under a point of the view: the one on top, else the nearest within `reach` px; -1 for none. */
export function under(scene: Scene, px: number, py: number, reach: number): number {
  const half = sideOf(scene) / 2;
  let near = -1, least = half + reach;
  for (let j = scene.list.length - 1; j >= 0; j--) {
    const [x, y] = middleOf(scene, scene.list[j]!), d = Math.max(Math.abs(x - px), Math.abs(y - py));
    if (d <= half) return scene.list[j]!;
    if (d < least) [near, least] = [scene.list[j]!, d];
  }
  return near;
}

/** All photos of a layout under a camera. */
export const standOf = (layout: Layout, camera: Camera): Stand =>
  ({ x: layout.x, y: layout.y, camera, size: sizeAt(layout, camera.k) });

/** The same in px of the view, which is what a flight begins from. */
export function onScreen(layout: Layout, camera: Camera, view: View): Stand {
  const size = sizeAt(layout, camera.k), along = (values: Float32Array, middle: number, side: number) =>
    values.map((v) => (v - middle) * camera.k + side / 2);
  return {
    x: along(layout.x, camera.x, view.width), y: along(layout.y, camera.y, view.height),
    camera: { x: view.width / 2, y: view.height / 2, k: 1 }, size,
  };
}

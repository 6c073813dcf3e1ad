// The camera over a layout: what it may see, how it zooms and flies. All lengths in px, places in units of the layout.

import { clamp } from './dom';
import type { Layout } from './layouts';
import type { Camera, Size, View } from './types';

/** The camera that shows the layout as it is met, in the free part of the view. */
export function homeOf(layout: Layout, view: View): Camera {
  const { x0, y0, w, h, top } = layout;
  return bounded(layout, view, centred(view, x0 + w / 2, top ? y0 : y0 + h / 2, homeZoom(layout, view)));
}
function homeZoom({ w, h, home, top }: Layout, { width, height, free }: View): number {
  const part = top ? free.width / width : Math.min(free.width / w, free.height / h) / Math.min(width / w, height / h);
  return home * part;
}
/** The camera with a place in the middle of the free part of the view. */
export function centred({ width, height, free }: View, x: number, y: number, k: number): Camera {
  return { x: x + (width - free.width) / 2 / k, y: y + (height - free.height) / 2 / k, k };
}

/** The nearest camera that a visitor may have: never so far or so near, nor off the photos. What it may see in the whole
 *  view it may also bring into the free part. */
export function bounded(layout: Layout, view: View, { x, y, k }: Camera): Camera {
  const { x0, y0, w, h, top } = layout, { width, height, free } = view;
  k = withinZooms(layout, view, k);
  const axis = (v: number, from: number, side: number, whole: number, part: number, aligned: boolean): number => {
    const [low, high] = range(layout, from, side, whole / k, aligned), [a, b] = range(layout, from, side, part / k, aligned);
    const shift = (whole - part) / 2 / k;
    return clamp(v, Math.min(low, a + shift), Math.max(high, b + shift));
  };
  return { x: axis(x, x0, w, width, free.width, false), y: axis(y, y0, h, height, free.height, top), k };
}
/** Where along an axis the middle of a view may be, all in units of the layout: photos from `from` on for `side`. */
function range({ columns }: Layout, from: number, side: number, view: number, aligned: boolean): [number, number] {
  const half = view / 2, slack = columns ? 0 : 0.45 * view, middle = from + (aligned ? half : side / 2);
  if (side <= view && !slack) return [middle, middle];
  return [Math.min(from + half, from + side / 2) - slack, Math.max(from + side - half, from + side / 2) + slack];
}
const withinZooms = (layout: Layout, view: View, k: number): number =>
  clamp(k, Math.min(layout.least, homeZoom(layout, view)), layout.most);

/** The camera after a zoom by `factor` that leaves what is at (px, py) of the view where it is. */
export function zoomed(layout: Layout, view: View, from: Camera, factor: number, px: number, py: number): Camera {
  const k = withinZooms(layout, view, from.k * factor), shift = 1 / from.k - 1 / k;
  return { x: from.x + (px - view.width / 2) * shift, y: from.y + (py - view.height / 2) * shift, k };
}

/** Where a flight from one camera to another is at s in 0..1. */
export function between(from: Camera, to: Camera, s: number): Camera {
  const k = from.k * (to.k / from.k) ** s;
  // the centre goes as 1/k does, so that a zoom at a point keeps that point
  const part = Math.abs(to.k / from.k - 1) < 1e-3 ? s : (1 / from.k - 1 / k) / (1 / from.k - 1 / to.k);
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part, k };
}

/** Whether two cameras see the same to half a px. */
export const sameView = (a: Camera, b: Camera): boolean =>
  Math.abs(a.x - b.x) * a.k < 0.5 && Math.abs(a.y - b.y) * a.k < 0.5 && Math.abs(a.k / b.k - 1) < 1e-3;

export const eased = (t: number): number => t * t * (3 - 2 * t);

/** Place -> px in the view, and back. */
export function toScreen({ x, y, k }: Camera, { width, height }: Size, [u, v]: [number, number]): [number, number] {
  return [(u - x) * k + width / 2, (v - y) * k + height / 2];
}
export function toPlace({ x, y, k }: Camera, { width, height }: Size, [px, py]: [number, number]): [number, number] {
  return [x + (px - width / 2) / k, y + (py - height / 2) / k];
}

/** A camera as shares of the layout, which hold in a view of another size: for addresses and for memory. */
export function relative(layout: Layout, { x, y, k }: Camera): [number, number, number] {
  return [(x - layout.x0) / layout.w, (y - layout.y0) / layout.h, k / layout.home];
}
export function absolute(layout: Layout, view: View, [x, y, zoom]: [number, number, number]): Camera {
  return bounded(layout, view, { x: layout.x0 + x * layout.w, y: layout.y0 + y * layout.h, k: zoom * layout.home });
}

// Where each photo stands. A layout is over a list of ranks; i is a place in that list. Its units are its own; k, the
// zoom, is px per unit: `home` shows the layout as it is met, `least` and `most` bound the zoom.

import { SIDE, UNPLACED, type Atlas } from './atlas';
import { clamp } from './dom';
import type { Family, LayoutName, Mark } from './types';

export interface Layout {
  name: LayoutName;
  ranks: Int32Array;
  x: Float32Array; // the middle of each photo; NaN for one that has no place here
  y: Float32Array;
  x0: number; // the extent, from its top left corner
  y0: number;
  w: number;
  h: number;
  home: number;
  least: number;
  most: number;
  columns: number; // of a grid; 0 where photos may overlap
  tall: number; // height of a cell, with its caption
  top: boolean; // met at its top and scrolled, as a gallery is
  family: Family;
  cells: Int32Array | null; // of a grid with gaps: i of each cell, row by row, -1 for none
  thumb: number; // px of a photo at home, where photos may overlap
}
export interface Shape { width: number; height: number; thumb: number | null; captions: boolean }

export function layoutOf(name: LayoutName, ranks: Int32Array, atlas: Atlas, shape: Shape): Layout {
  if (name === 'tsne') return scatter(ranks, atlas, shape);
  if (name === 'snapped') return snapped(ranks, atlas, shape);
  return grid(name, ranks, shape);
}

/** Row by row, in the order of the ranks: the wall and the galleries. Unit: one cell. */
function grid(name: LayoutName, ranks: Int32Array, { width, height, thumb, captions }: Shape): Layout {
  const n = Math.max(ranks.length, 1), top = name !== 'continuum' && thumb !== null;
  const tall = captions ? 1.36 : 1;
  const fit = top ? Math.max(2, Math.round(width / thumb!)) : bestColumns(n, width / height);
  const columns = Math.min(fit, n), h = Math.ceil(n / columns) * tall;
  const whole = Math.min(width / columns, height / h), home = top ? width / fit : whole;
  return {
    name, ranks, x0: 0, y0: 0, w: columns, h, columns, tall, top, home,
    x: Float32Array.from(ranks, (_, i) => (i % columns) + 0.5),
    y: Float32Array.from(ranks, (_, i) => Math.floor(i / columns) * tall + 0.5),
    least: Math.min(home, whole), most: Math.max(home, Math.min(512, 0.9 * Math.min(width, height))),
    family: 'rank', cells: null, thumb: 0,
  };
}

/** The number of columns that lets n square cells be largest in a view of this aspect. */
export function bestColumns(n: number, aspect: number): number {
  let best = 1, size = 0;
  for (let c = 1; c <= n; c++) {
    const cell = Math.min(aspect / c, 1 / Math.ceil(n / c));
    if (cell > size) [best, size] = [c, cell];
  }
  return best;
}

/** Each in its own cell of the snapped grid. Unit: one cell. */
function snapped(ranks: Int32Array, atlas: Atlas, { width, height }: Shape): Layout {
  const { columns, lines } = atlas.grid, cells = new Int32Array(columns * lines).fill(-1);
  ranks.forEach((rank, i) => { cells[atlas.line[rank]! * columns + atlas.column[rank]!] = i; });
  const home = Math.min(width / columns, height / lines);
  return {
    name: 'snapped', ranks, x0: 0, y0: 0, w: columns, h: lines, columns, tall: 1, top: false, home,
    x: Float32Array.from(ranks, (rank) => atlas.column[rank]! + 0.5),
    y: Float32Array.from(ranks, (rank) => atlas.line[rank]! + 0.5),
    least: home, most: Math.max(home, Math.min(512, 0.9 * Math.min(width, height))),
    family: 'map', cells, thumb: 0,
  };
}

/** Each at its place on the map. Unit: the map's side. */
function scatter(ranks: Int32Array, atlas: Atlas, { width, height }: Shape): Layout {
  const placed = (rank: number) => !(atlas.flags[rank]! & UNPLACED);
  const x = Float32Array.from(ranks, (rank) => (placed(rank) ? atlas.x[rank]! / SIDE : NaN));
  const y = Float32Array.from(ranks, (rank) => (placed(rank) ? 1 - atlas.y[rank]! / SIDE : NaN));
  const [x0, x1, shown] = extent(x), [y0, y1] = extent(y), w = Math.max(x1 - x0, 0.01), h = Math.max(y1 - y0, 0.01);
  const home = 0.94 * Math.min(width / w, height / h);
  const thumb = clamp((1.7 * Math.min(width, height)) / Math.sqrt(shown + 1), 4, 64);
  return {
    name: 'tsne', ranks, x, y, x0, y0, w, h, home, least: home, most: home * (240 / thumb) ** (1 / NEARER),
    columns: 0, tall: 1, top: false, family: 'map', cells: null, thumb,
  };
}
const NEARER = 0.72; // photos on the map grow slower than the map does, and so part as one comes nearer

function extent(values: Float32Array): [number, number, number] {
  let low = 1, high = 0, n = 0;
  for (const v of values) if (v === v) { low = Math.min(low, v); high = Math.max(high, v); n++; }
  return n ? [low, high, n] : [0, 1, 0];
}

/** Whether photo i stands anywhere on this layout. */
export const hasPlace = (layout: Layout, i: number): boolean => !Number.isNaN(layout.x[i] ?? NaN);

/** Side of a photo, px. */
export function sizeAt(layout: Layout, k: number): number {
  if (!layout.columns) return layout.thumb * (k / layout.home) ** NEARER;
  return k - (layout.top || k >= 24 ? Math.min(k * 0.05, 8) : 0);
}
/** The zoom at which photos have at least this side. */
export function zoomFor(layout: Layout, size: number): number {
  let k = layout.least;
  while (sizeAt(layout, k) < size && k < layout.most) k *= 1.05;
  return Math.min(k, layout.most);
}

/** The photo that an arrow key leads to from photo i; i itself at the edge. */
export function step(layout: Layout, from: number, dx: number, dy: number): number {
  const { x, y, columns, cells, ranks } = layout;
  if (columns && !cells) {
    const next = from + dx + dy * columns;
    return next >= 0 && next < ranks.length ? next : from;
  }
  let best = from, least = Infinity;
  for (let i = 0; i < ranks.length; i++) {
    const u = x[i]! - x[from]!, v = y[i]! - y[from]!;
    const along = u * dx + v * dy, across = Math.abs(u * dy) + Math.abs(v * dx), d = along + 2 * across;
    if (along > 1e-6 && across <= along && d < least) [best, least] = [i, d];
  }
  return best;
}

/** Where the visitor's own photo stands. */
export function markAt(layout: Layout, mark: Mark): [number, number] {
  if (!layout.columns) return [mark.x / SIDE, 1 - mark.y / SIDE];
  if (layout.cells) return [(mark.x / SIDE) * layout.w, (1 - mark.y / SIDE) * layout.h];
  let i = layout.ranks.findIndex((rank) => rank >= mark.rank);
  if (i < 0) i = layout.ranks.length - 1;
  return [layout.x[i] ?? 0.5, layout.y[i] ?? 0.5];
}

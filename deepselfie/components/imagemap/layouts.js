// Where each photo stands. A layout has a list of ranks; i is a place in that list. Its units are its own; k, the zoom,
// is CSS px per unit: `home` shows the layout as it is met, `least` and `most` bound the zoom.

import { clamp } from './dom.js';

const UNPLACED = 4, SIDE = 65535; // of the geometry: the flag of a photo without a place on the map; the map's side

/** Row by row, in the order of `ranks`: the wall, and the galleries. Unit: one cell. */
export class Grid {
  constructor(ranks, width, height, { thumb, captions }) {
    this.ranks = ranks;
    this.tall = captions ? 1.36 : 1; // height of a cell with its caption of two lines
    const n = Math.max(ranks.length, 1);
    const fit = thumb ? Math.max(2, Math.round(width / thumb)) : Grid.columns(n, width / height);
    this.columns = Math.min(fit, n);
    this.w = this.columns;
    this.h = Math.ceil(n / this.columns) * this.tall;
    const whole = Math.min(width / this.w, height / this.h);
    this.home = thumb ? width / fit : whole;
    this.least = Math.min(this.home, whole);
    this.most = Math.max(this.home, Math.min(512, 0.9 * Math.min(width, height)));
    this.top = Boolean(thumb);
  }
  /** The number of columns that lets n square cells be largest in a view of this aspect. */
  static columns(n, aspect) {
    let best = 1, size = 0;
    for (let c = 1; c <= n; c++) {
      const cell = Math.min(aspect / c, 1 / Math.ceil(n / c));
      if (cell > size) [best, size] = [c, cell];
    }
    return best;
  }
  size(k) { return k; }
  gap(k) { return this.top || k >= 24 ? Math.min(k * 0.05, 8) : 0; }
  place(i) { return [(i % this.columns) + 0.5, Math.floor(i / this.columns) * this.tall + 0.5]; }
  at(x, y) {
    const column = Math.floor(x), i = Math.floor(y / this.tall) * this.columns + column;
    return column >= 0 && column < this.columns && y >= 0 && i < this.ranks.length ? i : -1;
  }
  step(i, dx, dy) {
    const next = i + dx + dy * this.columns;
    return next >= 0 && next < this.ranks.length ? next : i;
  }
  markAt(mark) {
    let i = this.ranks.findIndex((rank) => rank >= mark.rank);
    if (i < 0) i = this.ranks.length - 1;
    return this.place(i);
  }
}

/** Each at its place on the map. Unit: the map's side. */
export class Scatter {
  constructor(ranks, width, height, { atlas }) {
    this.ranks = ranks.filter((rank) => !(atlas.flags[rank] & UNPLACED));
    this.x = Float32Array.from(this.ranks, (rank) => atlas.x[rank] / SIDE);
    this.y = Float32Array.from(this.ranks, (rank) => 1 - atlas.y[rank] / SIDE);
    const extent = (v) => v.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [1, 0]);
    const [x, y] = [extent(this.x), extent(this.y)];
    [this.x0, this.y0, this.w, this.h] = [x[0], y[0], Math.max(x[1] - x[0], 0.01), Math.max(y[1] - y[0], 0.01)];
    this.home = this.least = 0.94 * Math.min(width / this.w, height / this.h);
    this.thumb = clamp((1.7 * Math.min(width, height)) / Math.sqrt(this.ranks.length + 1), 7, 64);
    this.most = this.home * (240 / this.thumb) ** (1 / 0.72);
  }
  size(k) { return this.thumb * (k / this.home) ** 0.72; } // slower than the map: photos part as one comes nearer
  gap() { return 0; }
  place(i) { return [this.x[i], this.y[i]]; }
  at(x, y, k, reach = 0) {
    const half = this.size(k) / 2 / k;
    let near = -1, least = Math.max(half, reach / k);
    for (let i = 0; i < this.ranks.length; i++) { // the best is drawn last, so it lies on top
      const d = Math.max(Math.abs(this.x[i] - x), Math.abs(this.y[i] - y));
      if (d <= half) return i;
      if (d < least) [near, least] = [i, d];
    }
    return near;
  }
  step(from, dx, dy) {
    let best = from, least = Infinity;
    for (let i = 0; i < this.ranks.length; i++) {
      const x = this.x[i] - this.x[from], y = this.y[i] - this.y[from];
      const along = x * dx + y * dy, across = Math.abs(x * dy) + Math.abs(y * dx), d = along + 2 * across;
      if (along > 1e-6 && across <= along && d < least) [best, least] = [i, d];
    }
    return best;
  }
  markAt(mark) { return [mark.x / SIDE, 1 - mark.y / SIDE]; }
}

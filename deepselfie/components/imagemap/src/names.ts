// The names of the clusters on the map: where each stands among the photos, and how they are written over them.

import { nameOf } from './colours';
import { toScreen } from './camera';
import { clamp } from './dom';
import { hasPlace, type Layout } from './layouts';
import type { Camera, Facet, Size } from './types';

/** A name at a place of the layout (its units), for n photos. */
export interface Name { text: string; x: number; y: number; n: number }

const MOST = 24; // names at once
const SMALL = 12, LARGE = 18; // px of text
const GAP = 8; // px between two names, and to the edge

/** One name for each value of a choice that has photos here, where they are densest; the largest first. */
export function namesOf(layout: Layout, values: Float32Array, facet: Facet): Name[] {
  if (facet.kind !== 'choice') return [];
  const members: number[][] = facet.values.map(() => []);
  for (let i = 0; i < layout.ranks.length; i++)
    if (hasPlace(layout, i)) members[values[layout.ranks[i]!]!]?.push(i);
  return members.map((some, code): Name => ({ text: nameOf(facet, code), ...densest(layout, some), n: some.length }))
    .filter(({ text, n }) => n && text && !/^unnamed/i.test(text)).sort((a, b) => b.n - a.n);
}

/** The median of the members, of the half of them nearest to it, of the half of those …: from wherever the many are, and at
 *  the last on a member, for the median of a ring is in the empty middle. */
function densest({ x, y }: Layout, members: number[]): { x: number; y: number } {
  for (let left = members; ; ) {
    const u = median(left.map((i) => x[i]!)), v = median(left.map((i) => y[i]!));
    const d = left.map((i) => Math.fround((x[i]! - u) ** 2 + (y[i]! - v) ** 2)), near = median(d);
    const half = left.filter((_, j) => d[j]! <= near);
    if (left.length >= 8 && half.length < left.length) { left = half; continue; }
    const nearest = left[d.reduce((best, v, j) => (v < d[best]! ? j : best), 0)]!;
    return { x: x[nearest]!, y: y[nearest]! };
  }
}
const median = (numbers: number[]): number => Float32Array.from(numbers).sort()[numbers.length >> 1]!;

/** The names of the clusters of a world, found once for each layout. */
export class ClusterNames {
  private clusters: { facet: Facet; values: Float32Array } | null = null;
  private key: unknown[] = []; // what the names were found for
  private names: Name[] = [];

  learn(facet: Facet, values: Float32Array): void { this.clusters = { facet, values }; }
  forget(): void { this.clusters = null; }
  /** None where places mean nothing; a view of another size has the same. */
  of(layout: Layout): Name[] {
    const { clusters } = this, key = [layout.name, layout.ranks, clusters];
    if (key.every((part, i) => part === this.key[i])) return this.names;
    this.key = key;
    return (this.names = layout.family === 'map' && clusters ? namesOf(layout, clusters.values, clusters.facet) : []);
  }
}

/** Writes the names in view, the largest first and none over another, in CSS px. */
export function drawNames(
  context: CanvasRenderingContext2D, names: Name[], camera: Camera, view: Size,
  theme: { ink: string; paper: string; font: string },
): void {
  const most = Math.max(...names.map(({ n }) => n)), taken: [number, number, number, number][] = [];
  context.save();
  Object.assign(context, {
    textAlign: 'center', textBaseline: 'middle', lineJoin: 'round', lineWidth: 4, strokeStyle: theme.paper, fillStyle: theme.ink,
  });
  for (const { text, x, y, n } of names) {
    const [px, py] = toScreen(camera, view, [x, y]);
    if (px < 0 || py < 0 || px > view.width || py > view.height) continue;
    const size = Math.round(SMALL + (LARGE - SMALL) * Math.sqrt(n / most));
    context.font = `600 ${size}px ${theme.font}`;
    const w = context.measureText(text).width / 2 + GAP, h = size / 2 + GAP;
    const u = clamp(px, w, view.width - w), v = clamp(py, h, view.height - h);
    if (taken.some(([u2, v2, w2, h2]) => Math.abs(u - u2) < w + w2 - GAP && Math.abs(v - v2) < h + h2 - GAP)) continue;
    taken.push([u, v, w, h]);
    context.strokeText(text, u, v);
    context.fillText(text, u, v);
    if (taken.length === MOST) break;
  }
  context.restore();
}

import { describe, expect, it } from 'vitest';
import { enclosed } from './lasso';
import type { Stand } from './scene';

type Outline = [number, number][];
let seed = 7;
const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
const view = { width: 1400, height: 900, dpr: 2, free: { width: 1400, height: 900 } };
/** Photos at these px of the view. */
const at = (points: Outline): Stand => ({
  x: Float32Array.from(points, ([x]) => x), y: Float32Array.from(points, ([, y]) => y),
  camera: { x: view.width / 2, y: view.height / 2, k: 1 }, size: 4,
});
function plainly(outline: Outline, x: number, y: number): boolean {
  let inside = false;
  for (let i = 0, j = outline.length - 1; i < outline.length; j = i++) {
    const [xi, yi] = outline[i]!, [xj, yj] = outline[j]!;
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}
function distance(outline: Outline, x: number, y: number): number {
  return Math.min(...outline.map(([x1, y1], i) => {
    const [x2, y2] = outline[(i + 1) % outline.length]!, d2 = (x2 - x1) ** 2 + (y2 - y1) ** 2;
    const t = d2 ? Math.min(Math.max(((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / d2, 0), 1) : 0;
    return Math.hypot(x - x1 - t * (x2 - x1), y - y1 - t * (y2 - y1));
  }));
}

describe('enclosed', () => {
  it('agrees with a point-in-polygon test for all but the photos on the line', () => {
    for (let round = 0; round < 40; round++) {
      const reach = [30, 300, 1400, 2600][round % 4]!, [left, top] = [random() * 200 - 100, random() * 200 - 100];
      const point = (): [number, number] => [left + random() * reach, top + random() * reach * 0.6];
      const outline: Outline = Array.from({ length: 3 + Math.floor(random() * 40) }, point);
      if (round % 3 === 0) outline.forEach((each) => { each[0] = Math.round(each[0]); each[1] = Math.round(each[1]); });
      const photo = (): [number, number] => [left + (random() * 1.4 - 0.2) * reach, top + (random() - 0.2) * reach];
      const points = Array.from({ length: 400 }, photo);
      const inside = enclosed(outline, at(points), view), near = 0.4;
      points.forEach(([x, y], i) => {
        if (distance(outline, x, y) > near) expect([round, i, inside[i]]).toEqual([round, i, plainly(outline, x, y) ? 1 : 0]);
      });
    }
  });
  it('sees photos where the camera does, and leaves out those without a place', () => {
    const camera = { x: 0.5, y: 0.5, k: 1000 };
    const stand: Stand = { x: Float32Array.of(0.5, 0.9, NaN), y: Float32Array.of(0.5, 0.5, NaN), camera, size: 4 };
    const round = (x: number): Outline => [[x - 20, 430], [x + 20, 430], [x + 20, 470], [x - 20, 470]];
    expect([...enclosed(round(700), stand, view)]).toEqual([1, 0, 0]);
    expect([...enclosed(round(1100), stand, view)]).toEqual([0, 1, 0]);
  });
  it('holds nothing in a point, a line or no outline at all', () => {
    const stand = at([[10, 10], [10.2, 10], [15, 10]]);
    const a: [number, number] = [10, 10], b: [number, number] = [20, 10];
    for (const outline of [[], [a], [a, b], [a, b, a], [a, a, a]]) expect([...enclosed(outline, stand, view)]).toEqual([0, 0, 0]);
  });
});

// The lasso: which photos an outline encloses, and how the outline looks. Points are px of the view.

import type { Stand } from './scene';
import type { View } from './types';

type Outline = [number, number][];
const ROWS = 4; // a px: how finely the outline is cut, each row at its middle

/** For each place of the stand, 1 where the photo's middle lies inside the closed outline, by even-odd. */
export function enclosed(outline: Outline, { x, y, camera }: Stand, view: View): Uint8Array {
  const inside = new Uint8Array(x.length);
  if (outline.length < 3) return inside;
  const { top, rows } = crossings(outline), left = Math.min(...outline.map(([u]) => u)), right = Math.max(...outline.map(([u]) => u)), { k } = camera, count = rows.length;
  const u0 = view.width / 2 - camera.x * k, v0 = (view.height / 2 - camera.y * k - top) * ROWS;
  for (let i = 0; i < inside.length; i++) {
    const v = y[i]! * k * ROWS + v0;
    if (!(v >= 0 && v < count)) continue; // nor for NaN, a photo without a place
    const u = x[i]! * k + u0;
    if (u < left || u > right) continue;
    const row = rows[Math.floor(v)]!;
    let within = 0;
    for (let j = 0; j < row.length; j++) if (row[j]! < u) within ^= 1;
    inside[i] = within;
  }
  return inside;
}

/** Where the outline's edges cross each row, px from the left, in any order; rows go from `top` (px) down. */
function crossings(outline: Outline): { top: number; rows: number[][] } {
  const [top, bottom] = outline.reduce(([low, high], [, v]) => [Math.min(low, v), Math.max(high, v)], [Infinity, -Infinity]);
  const rows = Array.from({ length: Math.ceil((bottom - top) * ROWS) }, (): number[] => []);
  for (let i = 0, before = outline.at(-1)!; i < outline.length; before = outline[i++]!) {
    const [a, b] = before[1] < outline[i]![1] ? [before, outline[i]!] : [outline[i]!, before];
    const from = (a[1] - top) * ROWS, until = Math.ceil((b[1] - top) * ROWS - 0.5), slope = (b[0] - a[0]) / (b[1] - a[1]) / ROWS;
    for (let row = Math.ceil(from - 0.5); row < until; row++) rows[row]!.push(a[0] + (row + 0.5 - from) * slope);
  }
  return { top, rows };
}

/** The outline over the photos while it is drawn, closed by a straight line. The context is scaled to CSS px. */
export function drawOutline(context: CanvasRenderingContext2D, outline: Outline, theme: { accent: string }): void {
  if (outline.length < 2) return;
  context.save();
  context.beginPath();
  for (const [x, y] of outline) context.lineTo(x, y);
  context.closePath();
  context.lineJoin = 'round';
  Object.assign(context, { fillStyle: theme.accent, globalAlpha: 0.16 });
  context.fill('evenodd');
  Object.assign(context, { strokeStyle: '#fff', globalAlpha: 0.85, lineWidth: 4 }); // seen over dark photos and light ones
  context.stroke();
  Object.assign(context, { strokeStyle: theme.accent, globalAlpha: 1, lineWidth: 2 });
  context.setLineDash([7, 5]);
  context.stroke();
  context.restore();
}

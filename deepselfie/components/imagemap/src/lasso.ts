// The lasso: which photos an outline encloses, and how the outline looks. Points are px of the view.

import type { Stand } from './scene';
import type { View } from './types';

type Outline = [number, number][];
/** Cells row by row, 1 inside; `scale` cells per px from (left, top) on. */
interface Mask { mask: Uint8Array; columns: number; lines: number; left: number; top: number; scale: number }
const CELLS = 2_000_000; // of the mask: half a px each under an outline as large as a view; 3 ms
const FINEST = 4; // cells per px, for small outlines

/** For each place of the stand, 1 where the photo's middle lies inside the closed outline, by even-odd. */
export function enclosed(outline: Outline, { x, y, camera }: Stand, view: View): Uint8Array {
  const inside = new Uint8Array(x.length);
  if (outline.length < 3) return inside;
  const { mask, columns, lines, left, top, scale } = filled(outline), k = camera.k * scale;
  const u0 = (view.width / 2 - camera.x * camera.k - left) * scale, v0 = (view.height / 2 - camera.y * camera.k - top) * scale;
  for (let i = 0; i < inside.length; i++) {
    const u = x[i]! * k + u0, v = y[i]! * k + v0;
    // never so for NaN, a photo without a place
    const at = Math.floor(v) * columns + Math.floor(u);
    if (u >= 0 && u < columns && v >= 0 && v < lines) inside[i] = mask[at]!;
  }
  return inside;
}

/** The inside as a mask of cells, row by row: edges mark the cells where inside and outside change, and a sweep along
 *  each row from the left fills what lies between. */
function filled(outline: Outline): Mask {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [px, py] of outline) {
    [left, right] = [Math.min(left, px), Math.max(right, px)];
    [top, bottom] = [Math.min(top, py), Math.max(bottom, py)];
  }
  const wide = right - left, high = bottom - top, scale = Math.min(FINEST, Math.sqrt(CELLS / (wide + 1) / (high + 1)));
  const columns = Math.ceil(wide * scale) + 1, lines = Math.ceil(high * scale) + 1, mask = new Uint8Array(columns * lines);
  for (let i = 0, before = outline.at(-1)!; i < outline.length; before = outline[i++]!) {
    const [a, b] = before[1] < outline[i]![1] ? [before, outline[i]!] : [outline[i]!, before];
    const from = (a[1] - top) * scale, slope = (b[0] - a[0]) / (b[1] - a[1]);
    const until = Math.ceil((b[1] - top) * scale - 0.5);
    for (let line = Math.ceil(from - 0.5); line < until; line++) { // the rows whose middle the edge crosses
      const u = (a[0] - left) * scale + (line + 0.5 - from) * slope, at = line * columns + Math.round(u);
      mask[at] = mask[at]! ^ 1;
    }
  }
  for (let start = 0; start < mask.length; start += columns)
    for (let at = start, within = 0; at < start + columns; at++) mask[at] = within ^= mask[at]!;
  return { mask, columns, lines, left, top, scale };
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

// The Canvas2D renderer: pixel by pixel where photos are small or moving, by drawImage where they are large and rest.
// That is many times faster than WebGL without a GPU.

import { css } from './colours';
import { Pixels } from './pixels';
import type { Renderer } from './renderer';
import { DIM, FLAT, TINY, edges, frameOf, middleOf, sideOf, type Scene } from './scene';

const SPLAT = 48; // device px: up to this side moving photos are drawn pixel by pixel
const SMOOTH = 6000; // more photos than these are drawn pixel by pixel at rest too

export class CanvasRenderer implements Renderer {
  readonly kind = 'canvas';
  readonly canvas = null; // that of the overlay shows the photos too: a browser without a GPU would take its time to lay two on one another
  private readonly context = document.createElement('canvas').getContext('2d', { alpha: false, willReadFrequently: true })!; // in memory
  private readonly pixels = new Pixels();
  private image: ImageData | null = null; // the photos; null: they are on the context's canvas

  draw(scene: Scene): Set<string> {
    const { view } = scene, width = Math.round(view.width * view.dpr), height = Math.round(view.height * view.dpr);
    const side = sideOf(scene) * view.dpr, few = scene.list.length <= SMOOTH, wanted = new Set<string>();
    if (side <= TINY || (side <= SPLAT && (!scene.still || !few))) this.image = this.pixels.draw(scene, width, height, wanted);
    else {
      const { canvas } = this.context;
      this.image = null;
      if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
      this.drawEach(scene, side, wanted);
    }
    return wanted;
  }
  show(on: CanvasRenderingContext2D): void {
    if (this.image) on.putImageData(this.image, 0, 0);
    else on.drawImage(this.context.canvas, 0, 0);
  }
  dispose(): void { Object.assign(this.context.canvas, { width: 0, height: 0 }); } // gives the memory back at once

  private drawEach(scene: Scene, side: number, wanted: Set<string>): void {
    const { context, context: { canvas } } = this, { list, ranks, look, view: { dpr } } = scene;
    context.fillStyle = css(scene.paper);
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingQuality = 'medium';
    const frame = look.colour ? frameOf(side) : 0, flat = look.colour !== null && side <= FLAT;
    for (const i of list) {
      const rank = ranks[i]!, [x, y] = middleOf(scene, i);
      const [left, right] = edges(x * dpr, side), [top, bottom] = edges(y * dpr, side);
      const alpha = look.dim?.[rank] === 1 ? DIM : 1, fill = (colour: number, inset: number, opacity: number): void => {
        context.globalAlpha = opacity;
        context.fillStyle = css(colour);
        context.fillRect(left + inset, top + inset, right - left - 2 * inset, bottom - top - 2 * inset);
      };
      if (alpha < 1) fill(scene.paper, 0, 1);
      if (look.colour) fill(look.colour[rank]!, 0, alpha);
      if (flat) continue;
      if (look.colour && alpha < 1) fill(scene.paper, frame, 1); // or the colour would show through
      context.globalAlpha = alpha;
      drawThumbnail(context, scene, rank, left + frame, top + frame, right - left - 2 * frame, bottom - top - 2 * frame, wanted);
    }
    context.globalAlpha = 1;
  }
}

/** Draws the sharpest thumbnail that has come, else the mean colour; adds to `wanted` the pages that are missing. */
export function drawThumbnail(
  context: CanvasRenderingContext2D, { atlas, level, families }: Scene, rank: number,
  x: number, y: number, w: number, h: number, wanted: Set<string>,
): void {
  for (let l = level; l >= 0; l--)
    for (const family of families) {
      const slot = atlas.slot(rank, l, l ? family : 'map');
      if (!slot) continue;
      const bitmap = atlas.pages.get(slot.name);
      if (bitmap) return context.drawImage(bitmap, slot.x, slot.y, slot.px, slot.px, x, y, w, h);
      if (family === families[0]) wanted.add(slot.name);
    }
  context.fillStyle = css(atlas.colour[rank]!);
  context.fillRect(x, y, w, h);
}

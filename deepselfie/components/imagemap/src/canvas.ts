// The Canvas2D renderer: pixel by pixel where photos are small or moving, by drawImage where they are large and rest.
// That is many times faster than WebGL without a GPU.

import type { Atlas } from './atlas';
import { css } from './colours';
import type { Renderer } from './renderer';
import { DIM, FLAT, TINY, edges, frameOf, middleOf, sideOf, snapped, type Scene } from './scene';
import type { Family } from './types';

const SPLAT = 48; // device px: up to this side moving photos are drawn pixel by pixel
const SMOOTH = 6000; // more photos than these are drawn pixel by pixel at rest too

export class CanvasRenderer implements Renderer {
  readonly kind = 'canvas';
  readonly canvas = document.createElement('canvas');
  private readonly context = this.canvas.getContext('2d', { alpha: false, willReadFrequently: true })!; // in memory, where `pixels` are too
  private image: ImageData | null = null;
  private pixels = new Uint32Array();

  constructor(private readonly redraw: () => void) {
    this.canvas.addEventListener('contextrestored', this.redraw);
  }
  dispose(): void {
    this.canvas.removeEventListener('contextrestored', this.redraw);
    this.canvas.width = this.canvas.height = 0; // gives the memory back at once
  }

  draw(scene: Scene): Set<string> {
    const { view } = scene, width = Math.round(view.width * view.dpr), height = Math.round(view.height * view.dpr);
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    const side = sideOf(scene) * view.dpr, wanted = new Set<string>();
    const few = scene.list.length <= SMOOTH;
    if (side <= TINY || (side <= SPLAT && (!scene.still || !few))) this.splat(scene, side, wanted);
    else this.drawEach(scene, side, wanted);
    return wanted;
  }

  /** All photos as pixels of one image: those not selected come first, and are greyed all at once. */
  private splat(scene: Scene, side: number, wanted: Set<string>): void {
    const { width, height } = this.canvas, { list, ranks, look } = scene;
    if (this.image?.width !== width || this.image.height !== height) {
      this.image = new ImageData(width, height);
      this.pixels = new Uint32Array(this.image.data.buffer);
    }
    this.pixels.fill(scene.paper);
    const flat = look.colour !== null && side <= FLAT;
    const source = side <= TINY || flat ? null : new Sources(scene, wanted);
    const chosen = look.dim && !look.hidden ? list.findIndex((i) => look.dim![ranks[i]!] === 0) : 0;
    const greyed = chosen < 0 ? list.length : chosen;
    this.put(scene, side, list.subarray(0, greyed), source);
    if (greyed) grey(this.pixels, scene.paper);
    this.put(scene, side, list.subarray(greyed), source);
    scene.atlas.trimPixels(source?.read ?? 0);
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.context.putImageData(this.image, 0, 0);
  }
  /** Apart from the greying, so that the browser need not compile it anew when the first photos are greyed. */
  private put(scene: Scene, side: number, list: Uint32Array, source: Sources | null): void {
    const out = this.pixels, { width, height } = this.canvas, { ranks, atlas, look, view: { dpr } } = scene;
    const flat = look.colour !== null && side <= FLAT, frame = look.colour ? frameOf(side) : 0;
    const tiny = atlas.tinySide, columns = new Columns();
    const { from, to, t, view } = scene;
    const fk = from.camera.k * dpr, fx = (view.width / 2 - from.camera.x * from.camera.k) * dpr, fy = (view.height / 2 - from.camera.y * from.camera.k) * dpr;
    const tk = to ? to.camera.k * dpr : 0, tx = to ? (view.width / 2 - to.camera.x * to.camera.k) * dpr : 0;
    const ty = to ? (view.height / 2 - to.camera.y * to.camera.k) * dpr : 0;
    const half = side / 2;
    for (let j = 0; j < list.length; j++) {
      const i = list[j]!, rank = ranks[i]!;
      let px = from.x[i]! * fk + fx, py = from.y[i]! * fk + fy;
      if (to) { px += (to.x[i]! * tk + tx - px) * t; py += (to.y[i]! * tk + ty - py) * t; }
      let left = snapped(px - half), right = snapped(px + half), top = snapped(py - half), bottom = snapped(py + half);
      if (right <= left) right = left + 1;
      if (bottom <= top) bottom = top + 1;
      if (right <= 0 || bottom <= 0 || left >= width || top >= height) continue;
      if (look.colour) {
        const colour = look.colour[rank]!;
        const [a, b, c, d] = [Math.max(left, 0), Math.min(right, width), Math.max(top, 0), Math.min(bottom, height)];
        for (let v = c; v < d; v++) out.fill(colour, v * width + a, v * width + b);
        if (flat) continue;
        left += frame; right -= frame; top += frame; bottom -= frame;
      }
      // where the thumbnail is read from: pixels, its first one, the length of a line, its side
      let texels: Uint32Array = atlas.tiny, first = rank * tiny * tiny, line = tiny, px0 = tiny;
      if (source?.find(rank)) ({ texels, first, line, px: px0 } = source);
      const wide = right - left, steps = columns.of(wide, px0), down = px0 / (bottom - top);
      const a = left < 0 ? -left : 0, b = right > width ? width - left : wide;
      const d = bottom > height ? height : bottom;
      for (let v = top < 0 ? 0 : top; v < d; v++) {
        const start = first + (((v - top) * down) | 0) * line, to = v * width + left;
        for (let u = a; u < b; u++) out[to + u] = texels[start + steps[u]!]!;
      }
    }
  }

  private drawEach(scene: Scene, side: number, wanted: Set<string>): void {
    const { context, canvas } = this, { list, ranks, look, view: { dpr } } = scene;
    context.setTransform(1, 0, 0, 1, 0, 0);
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

/** Finds the pixels of thumbnails on the pages of a level above the smallest. */
class Sources {
  texels: Uint32Array = new Uint32Array();
  first = 0;
  line = 0;
  px = 0;
  private readonly atlas: Atlas;
  private readonly level: number;
  private readonly pages: { family: Family; names: string[]; come: (Uint32Array | undefined)[] }[];

  constructor({ atlas, level, families }: Scene, private readonly wanted: Set<string>) {
    this.atlas = atlas;
    this.level = Math.max(level, 1);
    const { pages } = atlas.levels[this.level] ?? { pages: {} as Partial<Record<Family, string[]>> };
    this.pages = families.filter((family) => pages[family]).map((family) => ({ family, names: pages[family]!, come: [] }));
  }
  /** How many pages it has read so far. */
  get read(): number { return this.pages.reduce((n, { come }) => n + Object.values(come).filter(Boolean).length, 0); }
  find(rank: number): boolean {
    const { atlas, level } = this;
    for (let order = 0; order < this.pages.length; order++) {
      const { family, names, come } = this.pages[order]!;
      const number = atlas.pageOf(rank, level, family), name = names[number];
      if (!name) continue;
      const texels = number in come ? come[number] : (come[number] = atlas.pixels(name));
      if (!texels) { if (!order) this.wanted.add(name); continue; }
      this.texels = texels;
      this.first = atlas.texelOf(rank, level, family);
      this.line = atlas.levels[level]!.page;
      this.px = atlas.levels[level]!.px;
      return true;
    }
    return false;
  }
}

/** For each pixel of a photo `wide` px wide, the pixel of its thumbnail; made once for each width. */
class Columns {
  private readonly known = new Map<number, Int32Array>();
  of(wide: number, px: number): Int32Array {
    const key = wide * 256 + px;
    let steps = this.known.get(key);
    if (!steps) this.known.set(key, (steps = Int32Array.from({ length: Math.max(wide, 0) }, (_, u) => (u * px) / wide)));
    return steps;
  }
}

/** Mixes all pixels with the paper, as opacity DIM does. */
function grey(pixels: Uint32Array, paper: number): void {
  const share = Math.round(DIM * 256), rest = 256 - share;
  const [p, q] = [(paper & 0xff00ff) * rest, ((paper >>> 8) & 0xff) * rest];
  for (let i = 0; i < pixels.length; i++) {
    const outer = (((pixels[i]! & 0xff00ff) * share + p) >>> 8) & 0xff00ff;
    const inner = ((((pixels[i]! >>> 8) & 0xff) * share + q) >>> 8) & 0xff;
    pixels[i] = 0xff000000 | outer | (inner << 8);
  }
}

// Photos pixel by pixel, as one image. While one pans, what was drawn moves along and only what comes into view is drawn.

import type { Atlas } from './atlas';
import { DIM, FLAT, LAYERS_FROM, TINY, frameOf, same, sideOf, snapped, type Look, type Scene } from './scene';
import type { Family } from './types';

const WHOLE = 0.01; // device px off a whole number that a pan may be: the picture is never farther off than that

/** A part of the image: its edges, px. */
interface Part { left: number; top: number; right: number; bottom: number }
/** What the image shows: of which scene, how its photos look, which pixel of the layout (device px) is in its corner, and
 *  how many pages were read for it. */
interface Shown { key: unknown[]; look: Look; x: number; y: number; used: number }

export class Pixels {
  private image: ImageData | null = null;
  private pixels = new Uint32Array();
  private shown: Shown | null = null; // null where thumbnails are missing

  /** The scene's photos, width x height device px; adds to `wanted` the pages that are missing. */
  draw(scene: Scene, width: number, height: number, wanted: Set<string>): ImageData {
    if (this.image?.width !== width || this.image.height !== height) {
      this.image = new ImageData(width, height);
      this.pixels = new Uint32Array(this.image.data.buffer);
      this.shown = null;
    }
    const { atlas, ranks, list, look, paper, level, from: { camera, size, x, y }, view: { dpr } } = scene;
    const key = [atlas, ranks, paper, level, x, y, camera.k, size, dpr, atlas.pages.landed];
    const corner = { x: camera.x * camera.k * dpr, y: camera.y * camera.k * dpr };
    const side = sideOf(scene) * dpr, flat = look.colour !== null && side <= FLAT;
    const source = side <= TINY || flat ? null : new Sources(scene, wanted);
    const parts = scene.to ? null : this.move(key, corner.x, corner.y), before = this.shown;
    const whole = { left: 0, top: 0, right: width, bottom: height };
    if (parts && before!.look === look) {
      const near = reaching(scene, parts);
      for (const part of parts) this.fill(scene, near, part, source);
    } else if (parts?.length === 0 && size < LAYERS_FROM && onlyGreys(before!.look, look)) { // a lasso: all that is seen becomes grey but what it holds
      grey(this.pixels, 0, this.pixels.length, paper);
      this.put(scene, whole, selectedOf(scene, list), source);
    } else this.fill(scene, list, whole, source);
    const used = (parts ? before!.used : 0) + (source?.read ?? 0);
    atlas.trimPixels(used);
    this.shown = scene.to || wanted.size ? null : { ...(parts ? before! : { key, ...corner }), look, used };
    return this.image;
  }

  /** Moves what is shown to where it is seen now; returns the parts to be drawn, null for all. */
  private move(key: unknown[], x: number, y: number): Part[] | null {
    const { shown, pixels, image } = this, { width, height } = image!;
    if (!shown || !same(key, shown.key)) return null;
    const right = Math.round(shown.x - x), down = Math.round(shown.y - y);
    const off = Math.max(Math.abs(shown.x - right - x), Math.abs(shown.y - down - y));
    if (off > WHOLE || Math.abs(right) >= width || Math.abs(down) >= height) return null;
    const by = down * width + right;
    pixels.copyWithin(Math.max(by, 0), Math.max(-by, 0), pixels.length - Math.max(by, 0));
    shown.x -= right; // not x: the differences must not add up
    shown.y -= down;
    const [top, bottom] = down > 0 ? [down, height] : [0, height + down], parts: Part[] = [];
    if (down) parts.push({ left: 0, right: width, top: down > 0 ? 0 : bottom, bottom: down > 0 ? top : height });
    if (right) parts.push({ left: right > 0 ? 0 : width + right, right: right > 0 ? right : width, top, bottom });
    return parts;
  }

  /** Draws a part anew: photos that are not selected come first, and are greyed all at once. */
  private fill(scene: Scene, list: Uint32Array, part: Part, source: Sources | null): void {
    const { paper } = scene, { pixels } = this, { width } = this.image!;
    for (let v = part.top; v < part.bottom; v++) pixels.fill(paper, v * width + part.left, v * width + part.right);
    const greyed = list.length - selectedOf(scene, list).length;
    this.put(scene, part, list.subarray(0, greyed), source);
    if (greyed) for (let v = part.top; v < part.bottom; v++) grey(pixels, v * width + part.left, v * width + part.right, paper);
    this.put(scene, part, list.subarray(greyed), source);
  }
  /** Apart from the greying, so that the browser need not compile it anew when the first photos are greyed. */
  private put(scene: Scene, part: Part, list: Uint32Array, source: Sources | null): void {
    const out = this.pixels, { width } = this.image!, { ranks, atlas, look, view: { dpr } } = scene, side = sideOf(scene) * dpr;
    const flat = look.colour !== null && side <= FLAT, frame = look.colour ? frameOf(side) : 0;
    const small = side <= atlas.tinySide / 2, [least, tiny] = small ? [atlas.half, atlas.tinySide / 2] : [atlas.tiny, atlas.tinySide];
    const columns = new Columns();
    let steps: Int32Array = new Int32Array(), before = 0; // of a photo `before` px wide: most are as wide as the last one
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
      if (right <= part.left || bottom <= part.top || left >= part.right || top >= part.bottom) continue;
      if (look.colour) {
        const colour = look.colour[rank]!;
        const [a, b, c, d] = [Math.max(left, part.left), Math.min(right, part.right), Math.max(top, part.top), Math.min(bottom, part.bottom)];
        for (let v = c; v < d; v++) out.fill(colour, v * width + a, v * width + b);
        if (flat) continue;
        left += frame; right -= frame; top += frame; bottom -= frame;
      }
      // where the thumbnail is read from: pixels, its first one, the length of a line, its side
      let texels: Uint32Array = least, first = rank * tiny * tiny, line = tiny, px0 = tiny;
      if (source?.find(rank)) ({ texels, first, line, px: px0 } = source);
      const wide = right - left, down = px0 / (bottom - top);
      if (wide * 256 + px0 !== before) { steps = columns.of(wide, px0); before = wide * 256 + px0; }
      const a = left < part.left ? part.left - left : 0, b = right > part.right ? part.right - left : wide;
      const d = bottom > part.bottom ? part.bottom : bottom;
      for (let v = top < part.top ? part.top : top; v < d; v++) {
        const start = first + (((v - top) * down) | 0) * line, to = v * width + left;
        for (let u = a; u < b; u++) out[to + u] = texels[start + steps[u]!]!;
      }
    }
  }
}

/** The end of a list: what is not to be greyed. */
function selectedOf({ look, ranks }: Scene, list: Uint32Array): Uint32Array {
  if (!look.dim || look.hidden) return list;
  let [first, last] = [0, list.length]; // halved again and again: what is selected comes last
  while (first < last) {
    const middle = (first + last) >> 1;
    if (look.dim[ranks[list[middle]!]!] === 1) first = middle + 1;
    else last = middle;
  }
  return list.subarray(first);
}
const onlyGreys = (before: Look, now: Look): boolean => !before.dim && Boolean(now.dim) && !now.hidden && before.colour === now.colour;

/** The photos of a scene at rest that may reach into one of the parts, in the scene's order. */
function reaching({ list, from: { x, y, camera, size }, view }: Scene, parts: Part[]): Uint32Array {
  const reach = size / 2 + 1 / view.dpr, found: number[] = [];
  for (const i of list) {
    const u = (x[i]! - camera.x) * camera.k + view.width / 2, v = (y[i]! - camera.y) * camera.k + view.height / 2;
    for (const { left, top, right, bottom } of parts)
      if ((u + reach) * view.dpr > left && (u - reach) * view.dpr < right && (v + reach) * view.dpr > top && (v - reach) * view.dpr < bottom) {
        found.push(i);
        break;
      }
  }
  return Uint32Array.from(found);
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

/** Mixes the pixels from one on until another with the paper, as opacity DIM does. */
function grey(pixels: Uint32Array, from: number, until: number, paper: number): void {
  const share = Math.round(DIM * 256), rest = 256 - share;
  const [p, q] = [(paper & 0xff00ff) * rest, ((paper >>> 8) & 0xff) * rest];
  for (let i = from; i < until; i++) {
    const outer = (((pixels[i]! & 0xff00ff) * share + p) >>> 8) & 0xff00ff;
    const inner = ((((pixels[i]! >>> 8) & 0xff) * share + q) >>> 8) & 0xff;
    pixels[i] = 0xff000000 | outer | (inner << 8);
  }
}

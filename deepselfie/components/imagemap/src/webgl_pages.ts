// Pages of thumbnails in the GPU: layers of one texture, the last used kept, and a table that says which page lies in
// which layer. Pages are told apart by their names, which no two of a level, family and number share unless they are the same.

import { FAMILIES, type Atlas } from './atlas';
import type { Scene } from './scene';
import { MOST_LEVELS } from './webgl_shaders';

const LAYERS = [8, 16, 32, 48]; // as many as a view has needed so far; 5.6 MB each, so that phones stay at the first two
const MOST = LAYERS.at(-1)!;
const SPARE = 8; // of them, for pages of the level below that stand in for pages still to come
const MIPS = 4; // thumbnails are never shown at less than a fifth of their side
const AT_ONCE = 4; // pages uploaded in a frame: some ms each

export class PageLayers {
  readonly side: number; // texels
  /** By level: px of a thumbnail, thumbnails along a page, where its pages begin in the table, by rank and by map (-1: none). */
  readonly about = new Int32Array(4 * MOST_LEVELS).fill(-1);
  /** For each page of each level and family its layer + 1; 0 where it has none. */
  table = new Uint8Array();
  private readonly layerOf = new Map<string, number>(); // least recently used first
  private readonly spans: { names: string[]; first: number }[] = [];
  private readonly reading: WebGLFramebuffer;
  private readonly writing: WebGLFramebuffer;
  private texture: WebGLTexture | null = null;
  private layers = 0;

  constructor(private readonly gl: WebGL2RenderingContext, private readonly unit: number, private readonly atlas: Atlas) {
    this.reading = gl.createFramebuffer()!;
    this.writing = gl.createFramebuffer()!;
    const levels = atlas.levels.slice(0, MOST_LEVELS);
    this.side = Math.max(...levels.slice(1).map(({ page }) => page), 1);
    let first = 0;
    for (const [l, { px, page, pages }] of levels.entries()) {
      this.about.set([px, page / px], 4 * l);
      for (const [f, family] of FAMILIES.entries()) {
        const names = l ? pages[family] : undefined;
        if (!names) continue;
        this.spans.push({ names, first });
        this.about[4 * l + 2 + f] = first;
        first += names.length;
      }
    }
    this.table = new Uint8Array(first);
    this.grow();
  }
  dispose(): void {
    this.gl.deleteTexture(this.texture);
    this.gl.deleteFramebuffer(this.reading);
    this.gl.deleteFramebuffer(this.writing);
  }

  /** Uploads the pages that a scene's photos are best seen on, at `level` or below, as far as they have come. Says which
   *  have not, most urgent first, and whether there are more to upload in the next frame. */
  bring(scene: Scene, level: number): { wanted: Set<string>; more: boolean } {
    const { atlas, layerOf } = this, { families } = scene, wanted = new Set<string>(), used = new Set<string>();
    let rest = level ? seen(scene) : new Uint32Array(), uploads = 0, more = false;
    for (let l = level; l > 0 && rest.length; l--)
      for (const family of families) {
        const names = atlas.levels[l]!.pages[family];
        if (!names || !rest.length) continue;
        const pageOf = Int32Array.from(rest, (rank) => atlas.pageOf(rank, l, family)), come = new Uint8Array(names.length);
        const pages = busiest(pageOf, names.length).filter((page) => names[page]);
        const [here, missing] = split(pages, (page) => layerOf.has(names[page]!));
        for (const page of here) {
          this.touch(names[page]!);
          used.add(names[page]!);
          come[page] = 1;
        }
        for (const page of missing) {
          const name = names[page]!, bitmap = atlas.pages.get(name);
          if (used.size + wanted.size >= (l === level ? MOST - SPARE : MOST)) break;
          if (!bitmap) {
            if (family === families[0]) wanted.add(name);
            continue;
          }
          if (uploads < AT_ONCE) {
            uploads++;
            this.upload(name, bitmap, used);
          } else more = true;
          used.add(name);
          come[page] = 1;
        }
        rest = rest.filter((_, j) => !come[pageOf[j]!]);
      }
    if (uploads) this.tell();
    return { wanted, more };
  }

  /** It becomes the last used. */
  private touch(name: string): void {
    const layer = this.layerOf.get(name)!;
    this.layerOf.delete(name);
    this.layerOf.set(name, layer);
  }
  private upload(name: string, bitmap: ImageBitmap, used: Set<string>): void {
    const { gl } = this, layer = this.free(used);
    this.layerOf.set(name, layer);
    gl.activeTexture(gl.TEXTURE0 + this.unit);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.texture);
    gl.texSubImage3D(gl.TEXTURE_2D_ARRAY, 0, 0, 0, layer, bitmap.width, bitmap.height, 1, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
    for (let mip = 1; mip < MIPS; mip++) this.copy(this.texture!, layer, mip - 1, mip);
  }
  /** A layer that nothing in this frame is on. */
  private free(used: Set<string>): number {
    if (this.layerOf.size === this.layers) {
      const oldest = [...this.layerOf.keys()].find((name) => !used.has(name));
      if (oldest === undefined) this.grow();
      else {
        const layer = this.layerOf.get(oldest)!;
        this.layerOf.delete(oldest);
        return layer;
      }
    }
    return this.layerOf.size; // layers are taken in turn, and never given back but to another page
  }
  /** A texture of the next size, with the pages of the one before. */
  private grow(): void {
    const { gl, side } = this, old = this.texture;
    this.layers = LAYERS.find((layers) => layers > this.layers)!;
    this.texture = gl.createTexture();
    gl.activeTexture(gl.TEXTURE0 + this.unit);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.texture);
    gl.texStorage3D(gl.TEXTURE_2D_ARRAY, MIPS, gl.RGBA8, side, side, this.layers);
    gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
    if (!old) return;
    for (const layer of this.layerOf.values()) for (let mip = 0; mip < MIPS; mip++) this.copy(old, layer, mip, mip);
    gl.deleteTexture(old);
  }
  /** Copies a layer, shrunk where the mip changes, into the texture. */
  private copy(source: WebGLTexture, layer: number, mip: number, to: number): void {
    const { gl, side } = this, a = side >> mip, b = side >> to;
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, this.reading);
    gl.framebufferTextureLayer(gl.READ_FRAMEBUFFER, gl.COLOR_ATTACHMENT0, source, mip, layer);
    gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, this.writing);
    gl.framebufferTextureLayer(gl.DRAW_FRAMEBUFFER, gl.COLOR_ATTACHMENT0, this.texture, to, layer);
    gl.blitFramebuffer(0, 0, a, a, 0, 0, b, b, gl.COLOR_BUFFER_BIT, gl.LINEAR);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  }
  private tell(): void {
    this.table = new Uint8Array(this.table.length);
    for (const { names, first } of this.spans)
      for (const [page, name] of names.entries()) this.table[first + page] = (this.layerOf.get(name) ?? -1) + 1;
  }
}

/** The ranks of the photos in the view; a list is in it but for those on a flight. */
function seen({ list, ranks, from, to, t, view }: Scene): Uint32Array {
  if (!to) return Uint32Array.from(list, (i) => ranks[i]!);
  const half = (from.size + (to.size - from.size) * t) / 2, found = new Uint32Array(list.length);
  const fx = view.width / 2 - from.camera.x * from.camera.k, fy = view.height / 2 - from.camera.y * from.camera.k;
  const tx = view.width / 2 - to.camera.x * to.camera.k, ty = view.height / 2 - to.camera.y * to.camera.k;
  let count = 0;
  for (const i of list) {
    const x = (from.x[i]! * from.camera.k + fx) * (1 - t) + (to.x[i]! * to.camera.k + tx) * t;
    const y = (from.y[i]! * from.camera.k + fy) * (1 - t) + (to.y[i]! * to.camera.k + ty) * t;
    if (x > -half && x < view.width + half && y > -half && y < view.height + half) found[count++] = ranks[i]!;
  }
  return found.subarray(0, count);
}

/** The numbers in `pageOf`, the most frequent first. */
function busiest(pageOf: Int32Array, pages: number): number[] {
  const count = new Int32Array(pages), found: number[] = [];
  for (const page of pageOf) if (count[page]!++ === 0) found.push(page);
  return found.filter((page) => page < pages).sort((a, b) => count[b]! - count[a]!);
}

function split(pages: number[], which: (page: number) => boolean): [number[], number[]] {
  return [pages.filter(which), pages.filter((page) => !which(page))];
}

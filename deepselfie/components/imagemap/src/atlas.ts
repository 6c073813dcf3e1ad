// The photos of a world in the browser, by rank: geometry, thumbnails, larger pictures and facts, fetched when wanted.

import { Loader, type Owner } from './loader';
import type { Facet, Family, PhotoFacts } from './types';

// Fetches in flight. A browser opens 6 connections to a server: pictures may take a while to be drawn, and with all
// 6 waiting for them the next page could not be asked for.
const PAGES_AT_ONCE = 4, PICTURES_AT_ONCE = 2;
const PAGES = 48, PICTURES = 200; // bitmaps kept: of 4 MB and up to 1 MB
const READ = 6; // pages kept as pixels too, of 4 MB: a frame that needs more has them all
const LINGER = 30_000; // ms that an atlas nobody uses is kept for the next page of the app
export const UNPLACED = 4; // of flags: no place on the map
export const SIDE = 65535; // the map's side in x and y
export const FAMILIES: Family[] = ['rank', 'map'];

export interface Level {
  px: number; // side of a thumbnail
  page: number; // px of a page's side
  pages: Partial<Record<Family, string[]>>; // '': not shipped, the picture itself can be asked for
}
interface Manifest { n: number; grid: { columns: number; lines: number }; levels: Level[]; geometry: string }
/** Where a thumbnail lies: the name of its page, and x and y (px) on it. */
export interface Slot { name: string; x: number; y: number; px: number }

export class Atlas {
  private static readonly all = new Map<string, Atlas>();
  /** One atlas for all maps of a world; `close` lets go of it. */
  static open(world: string, version: string, user: Owner): Atlas {
    const name = `${world}?${version}`;
    const atlas = Atlas.all.get(name) ?? new Atlas(world, version);
    Atlas.all.set(name, atlas);
    atlas.users.add(user);
    clearTimeout(atlas.ending);
    return atlas;
  }

  n = 0;
  grid = { columns: 1, lines: 1 };
  levels: Level[] = [];
  row = new Uint32Array();
  score = new Float32Array();
  x = new Uint16Array(); // on the map, to the right
  y = new Uint16Array(); // on the map, upwards
  column = new Uint16Array(); // on the snapped grid
  line = new Uint16Array();
  colour = new Uint32Array(); // the mean colour, as 0xffBBGGRR
  flags = new Uint8Array();
  /** Thumbnails of the smallest level, photo by photo, `tinySide`² pixels each; the mean colour until they come. */
  tiny = new Uint32Array();
  tinySide = 8;
  /** The same at half the side, for photos that are seen no larger: of 16 pixels each, in one line of a processor's cache. */
  half = new Uint32Array();
  readonly facts = new Map<number, Promise<PhotoFacts>>();
  readonly pages: Loader;
  readonly pictures: Loader;
  readonly loaded: Promise<void>;
  private readonly users = new Set<Owner>();
  private readonly early: Owner = { redraw() {} }; // wants the smallest thumbnails before any map can ask for them
  private readonly pixelsOf = new Map<string, Uint32Array>();
  private readonly unpacked = new Set<string>();
  private rankOfRow: Map<number, number> | null = null;
  private rankIn = new Int32Array(); // of each cell of the snapped grid, row by row; -1 for none
  private readonly valuesOf = new Map<string, Promise<Float32Array>>();
  private facetList: Promise<Facet[]> | undefined;
  private ending: ReturnType<typeof setTimeout> | undefined;

  private constructor(private readonly world: string, private readonly version: string) {
    const redraw = () => this.users.forEach((user) => user.redraw());
    this.pages = new Loader((name) => this.address('atlas', name), PAGES, PAGES_AT_ONCE, redraw, (name) => this.pixelsOf.delete(name));
    this.pictures = new Loader((key) => this.address('picture', key + '.webp'), PICTURES, PICTURES_AT_ONCE, redraw);
    this.loaded = this.load();
    this.loaded.catch(() => Atlas.all.delete(`${world}?${version}`)); // the next try begins anew
  }
  close(user: Owner): void {
    this.users.delete(user);
    this.pages.wanted.delete(user);
    this.pictures.wanted.delete(user);
    if (this.users.size) return;
    this.ending = setTimeout(() => {
      this.pages.dispose();
      this.pictures.dispose();
      Atlas.all.delete(`${this.world}?${this.version}`);
    }, LINGER);
  }

  private address(kind: string, rest: string): string {
    const fixed = kind === 'atlas' && rest !== 'atlas.json'; // named by its content
    return `/ds/${kind}/${this.world}/${rest}${fixed ? '' : `?v=${this.version}`}`;
  }
  private async get(kind: string, rest: string): Promise<Response> {
    const answer = await fetch(this.address(kind, rest));
    if (!answer.ok) throw new Error(`${rest}: ${answer.status}`);
    return answer;
  }
  private async load(): Promise<void> {
    const { n, grid, levels, geometry }: Manifest = await (await this.get('atlas', 'atlas.json')).json();
    this.pages.want(this.early, levels[0]!.pages.map!);
    const bytes = await (await this.get('atlas', geometry)).arrayBuffer();
    Object.assign(this, { n, grid, levels });
    this.row = new Uint32Array(bytes, 0, n);
    this.score = new Float32Array(bytes, 4 * n, n);
    [this.x, this.y, this.column, this.line] = [8, 10, 12, 14].map((at) => new Uint16Array(bytes, at * n, n)) as
      [Uint16Array<ArrayBuffer>, Uint16Array<ArrayBuffer>, Uint16Array<ArrayBuffer>, Uint16Array<ArrayBuffer>];
    const [r, g, b, flags] = [16, 17, 18, 19].map((at) => new Uint8Array(bytes, at * n, n)) as
      [Uint8Array, Uint8Array, Uint8Array, Uint8Array<ArrayBuffer>];
    this.flags = flags;
    this.tinySide = levels[0]!.px;
    const each = this.tinySide ** 2;
    this.colour = new Uint32Array(n);
    this.tiny = new Uint32Array(n * each);
    this.half = new Uint32Array((n * each) / 4);
    this.rankIn = new Int32Array(grid.columns * grid.lines).fill(-1);
    for (let i = 0, at = 0; i < n; i++) { // loops: with a function for each photo, 200,000 take a tenth of a second
      const colour = (this.colour[i] = (0xff000000 | (b[i]! << 16) | (g[i]! << 8) | r[i]!) >>> 0);
      for (const end = at + each; at < end; at++) this.tiny[at] = colour;
      for (let to = (i * each) / 4; to < ((i + 1) * each) / 4; to++) this.half[to] = colour;
      this.rankIn[this.line[i]! * grid.columns + this.column[i]!] = i;
    }
  }
  /** The rank of a row of the table; undefined for a photo that is not shown. */
  rankOf(row: number): number | undefined {
    this.rankOfRow ??= new Map(Array.from(this.row, (each, rank) => [each, rank]));
    return this.rankOfRow.get(row);
  }

  /** How many pages the smallest thumbnails have. */
  get tinyPages(): number { return this.levels[0]!.pages.map!.length; }
  /** Page number and slot of a rank, at a level that has this family. */
  pageOf(rank: number, level: number, family: Family): number {
    const { px, page } = this.levels[level]!, side = page / px;
    if (family === 'rank') return Math.floor(rank / side ** 2);
    return Math.floor(this.line[rank]! / side) * Math.ceil(this.grid.columns / side) + Math.floor(this.column[rank]! / side);
  }
  /** Where a photo's thumbnail begins on its page, in pixels row by row. */
  texelOf(rank: number, level: number, family: Family): number {
    const { px, page } = this.levels[level]!, side = page / px, map = family === 'map';
    const u = (map ? this.column[rank]! : rank) % side, v = (map ? this.line[rank]! : Math.floor(rank / side)) % side;
    return (v * page + u) * px;
  }
  slot(rank: number, level: number, family: Family): Slot | null {
    const { px, page, pages } = this.levels[level]!, name = pages[family]?.[this.pageOf(rank, level, family)];
    if (!name) return null;
    const texel = this.texelOf(rank, level, family);
    return { name, x: texel % page, y: Math.floor(texel / page), px };
  }
  /** The pixels of a page that has come, 0xffBBGGRR row by row. */
  pixels(name: string): Uint32Array | undefined {
    const bitmap = this.pages.get(name);
    if (!bitmap) return undefined;
    const pixels = this.pixelsOf.get(name) ?? read(bitmap);
    this.pixelsOf.delete(name);
    this.pixelsOf.set(name, pixels); // as the last used
    return pixels;
  }
  /** Lets go of the pixels of all pages but the last used: those of a frame that used `used` of them, or a few. */
  trimPixels(used: number): void {
    const spare = this.pixelsOf.size - Math.max(used, READ);
    [...this.pixelsOf.keys()].slice(0, Math.max(spare, 0)).forEach((name) => this.pixelsOf.delete(name));
  }
  /** Fills `tiny` from the pages that have come; returns the names of those still to come. */
  unpackTiny(): string[] {
    this.pages.wanted.delete(this.early);
    const names = this.levels[0]!.pages.map!;
    for (const [number, name] of names.entries()) {
      const bitmap = this.unpacked.has(name) ? undefined : this.pages.get(name);
      if (!bitmap) continue;
      this.unpackPage(number, read(bitmap));
      this.unpacked.add(name);
    }
    return names.filter((name) => !this.unpacked.has(name));
  }
  private unpackPage(number: number, source: Uint32Array): void {
    const { tiny, half, rankIn, grid: { columns, lines } } = this, { px, page } = this.levels[0]!, side = page / px;
    const across = Math.ceil(columns / side), left = (number % across) * side, top = Math.floor(number / across) * side;
    for (let line = top; line < Math.min(top + side, lines); line++)
      for (let column = left; column < Math.min(left + side, columns); column++) {
        const rank = rankIn[line * columns + column]!;
        if (rank < 0) continue;
        let from = (line - top) * px * page + (column - left) * px, to = rank * px * px;
        for (let v = 0; v < px; v++, from += page) for (let u = from; u < from + px; u++) tiny[to++] = source[u]!; // quicker than views
        from = rank * px * px;
        for (let out = from / 4, v = 0; v < px; v += 2, from += 2 * px)
          for (let u = from; u < from + px; u += 2) half[out++] = mean(tiny[u]!, tiny[u + 1]!, tiny[u + px]!, tiny[u + px + 1]!);
      }
  }

  /** The key of a picture of about `px` device pixels for `pictures`. */
  pictureKey(rank: number, px: number): string {
    return `${this.row[rank]}/${px <= 144 ? 128 : px <= 300 ? 256 : 512}`;
  }
  pictureUrl(rank: number, size = 256): string { return this.address('picture', `${this.row[rank]}/${size}.webp`); }
  /** How many of a hundred photos of the world one is better liked than. */
  share(rank: number): number { return Math.round((100 * (this.n - rank - 0.5)) / this.n); }

  photo(rank: number): Promise<PhotoFacts> {
    const known = this.facts.get(rank) ?? this.get('photo', `${this.row[rank]}.json`).then((answer) => answer.json());
    this.facts.set(rank, known);
    return known.catch(() => { this.facts.delete(rank); return {}; });
  }
  facets(): Promise<Facet[]> {
    this.facetList ??= fetch(`/ds/facets/${this.world}.json?v=${this.version}`).then(async (answer) => {
      if (!answer.ok) throw new Error(`facets: ${answer.status}`);
      return (await answer.json()).facets;
    });
    const asked = this.facetList!;
    asked.catch(() => { this.facetList = undefined; });
    return asked;
  }
  /** A facet's values in rank order: numbers, 0 and 1, or the index into its `values`; NaN where not known. */
  values(key: string): Promise<Float32Array> {
    const known = this.valuesOf.get(key)
      ?? this.get('values', `${encodeURIComponent(key)}.bin`).then(async (answer) => new Float32Array(await answer.arrayBuffer()));
    this.valuesOf.set(key, known);
    known.catch(() => this.valuesOf.delete(key));
    return known;
  }
  /** Asks the server about a set of photos: kind 'apart' (JSON) or 'ids' (CSV). */
  ask(kind: 'apart' | 'ids', ranks: Int32Array<ArrayBuffer>, signal?: AbortSignal): Promise<Response> {
    const address = `/ds/${kind}/${this.world}${kind === 'ids' ? '.csv' : ''}`;
    return fetch(address, { method: 'POST', body: ranks, ...(signal && { signal }) }).then((answer) => {
      if (!answer.ok) throw new Error(`${kind}: ${answer.status}`);
      return answer;
    });
  }
  /** Photos by id, name or rank. */
  async find(q: string, signal?: AbortSignal): Promise<{ row: number; rank: number; id: string; name: string | null }[]> {
    const answer = await fetch(`/ds/find/${this.world}.json?q=${encodeURIComponent(q)}`, signal ? { signal } : {});
    return answer.ok ? (await answer.json()).photos : [];
  }
}

/** The mean of four opaque colours. */
function mean(a: number, b: number, c: number, d: number): number {
  const outer = (a & 0xff00ff) + (b & 0xff00ff) + (c & 0xff00ff) + (d & 0xff00ff) + 0x20002;
  const inner = ((a >>> 8) & 0xff) + ((b >>> 8) & 0xff) + ((c >>> 8) & 0xff) + ((d >>> 8) & 0xff) + 2;
  return (0xff000000 | ((outer >>> 2) & 0xff00ff) | ((inner >>> 2) << 8)) >>> 0;
}

/** The sharpest thumbnail of a photo whose page has come, of a level above `above`; null where none has. */
export function sharpest(atlas: Atlas, rank: number, above = -1): { page: ImageBitmap; slot: Slot; level: number } | null {
  for (let level = atlas.levels.length - 1; level > above; level--)
    for (const family of FAMILIES) {
      const slot = atlas.slot(rank, level, family), page = slot && atlas.pages.get(slot.name);
      if (slot && page) return { page, slot, level };
    }
  return null;
}

function read(bitmap: ImageBitmap): Uint32Array {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height), context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.drawImage(bitmap, 0, 0);
  return new Uint32Array(context.getImageData(0, 0, bitmap.width, bitmap.height).data.buffer);
}

/** An address under /ds/ or base64 of int32, little-endian. */
export async function fetchRanks(given: string): Promise<Int32Array<ArrayBuffer>> {
  if (!given.startsWith('/')) return new Int32Array(Uint8Array.from(atob(given), (c) => c.charCodeAt(0)).buffer);
  const answer = await fetch(given);
  if (!answer.ok) throw new Error(`${given}: ${answer.status}`);
  return new Int32Array(await answer.arrayBuffer());
}

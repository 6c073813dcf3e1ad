// The photos of a world in the browser: geometry, thumbnails, pictures and facts, fetched when wanted.

// Fetches in flight. A browser opens 6 connections to a server: pictures may take a while to be drawn, and with all
// 6 waiting for them the next page could not be asked for.
const PAGES_AT_ONCE = 4, PICTURES_AT_ONCE = 2;
const PAGES = 64, PICTURES = 160; // bitmaps kept: of 4 MB and 0.25 MB

/** Fetches bitmaps that are wanted now, and keeps those last used. */
class Loader {
  constructor(address, kept, atOnce, ready) {
    Object.assign(this, { address, kept, atOnce, ready, done: new Map(), flying: new Map(), wanted: new Map(), failed: new Map() });
  }
  get(key) {
    const bitmap = this.done.get(key);
    if (bitmap) { this.done.delete(key); this.done.set(key, bitmap); }
    return bitmap;
  }
  /** Says all that `owner` needs for its present view, most urgent first; what nobody needs any more is cancelled. */
  want(owner, keys) {
    this.wanted.set(owner, keys);
    const all = new Set([...this.wanted.values()].flat());
    for (const [key, abort] of this.flying) if (!all.has(key)) { abort.abort(); this.flying.delete(key); }
    this.pump();
  }
  pump() {
    for (const keys of this.wanted.values())
      for (const key of keys) {
        if (this.flying.size >= this.atOnce) return;
        if (!this.done.has(key) && !this.flying.has(key) && !(this.failed.get(key) > performance.now())) this.fetch(key);
      }
  }
  async fetch(key) {
    const abort = new AbortController();
    this.flying.set(key, abort);
    try {
      const answer = await fetch(this.address(key), { signal: abort.signal });
      if (!answer.ok) throw new Error(answer.status);
      const bitmap = await createImageBitmap(await answer.blob());
      if (abort.signal.aborted) return bitmap.close();
      this.done.set(key, bitmap);
      while (this.done.size > this.kept) this.drop(this.done.keys().next().value);
    } catch {
      if (!abort.signal.aborted) this.failed.set(key, performance.now() + 5000);
    }
    if (this.flying.get(key) === abort) this.flying.delete(key);
    this.ready();
    this.pump();
  }
  drop(key) { this.done.get(key).close(); this.done.delete(key); }
  dispose() {
    this.wanted.clear();
    for (const abort of this.flying.values()) abort.abort();
    for (const key of [...this.done.keys()]) this.drop(key);
  }
}

/** The photos of one world by rank: geometry, thumbnails, pictures, facts. Shared by all maps of a world. */
export class Atlas {
  static all = new Map();
  static open(world, version, user) {
    const name = `${world}?${version}`;
    if (!this.all.has(name)) this.all.set(name, new Atlas(world, version));
    const atlas = this.all.get(name);
    atlas.users.add(user);
    clearTimeout(atlas.ending);
    return atlas;
  }
  constructor(world, version) {
    this.users = new Set();
    this.facts = new Map();
    this.small = new Map(); // page -> Uint32Array of its pixels, for the splat
    this.base = `/ds/atlas/${world}/`;
    this.query = `?v=${version}`;
    this.world = world;
    const redraw = () => this.users.forEach((user) => user.redraw());
    this.pages = new Loader((key) => this.base + key, PAGES, PAGES_AT_ONCE, redraw);
    this.pictures = new Loader((rank) => this.picture(rank), PICTURES, PICTURES_AT_ONCE, redraw);
    this.loaded = this.load();
  }
  /** Lets go; kept half a minute, so that another page of the app starts with what is here. */
  close(user) {
    this.users.delete(user);
    this.pages.wanted.delete(user);
    this.pictures.wanted.delete(user);
    if (this.users.size) return;
    this.ending = setTimeout(() => {
      this.pages.dispose();
      this.pictures.dispose();
      for (const [name, atlas] of Atlas.all) if (atlas === this) Atlas.all.delete(name);
    }, 30000);
  }
  async load() {
    const get = async (url) => {
      const answer = await fetch(url);
      if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
      return answer;
    };
    const { n, levels, geometry } = await (await get(`${this.base}atlas.json${this.query}`)).json();
    const bytes = await (await get(this.base + geometry)).arrayBuffer();
    this.n = n;
    this.levels = levels;
    this.row = new Uint32Array(bytes, 0, n);
    this.score = new Float32Array(bytes, 4 * n, n);
    this.x = new Uint16Array(bytes, 8 * n, n);
    this.y = new Uint16Array(bytes, 10 * n, n);
    [this.r, this.g, this.b, this.flags] = [0, 1, 2, 3].map((i) => new Uint8Array(bytes, (12 + i) * n, n));
    this.rankOf = new Map();
    this.row.forEach((row, rank) => this.rankOf.set(row, rank));
  }
  picture(rank, size = 256) { return `/ds/picture/${this.world}/${this.row[rank]}/${size}.webp${this.query}`; }
  colour(rank) { return `rgb(${this.r[rank]},${this.g[rank]},${this.b[rank]})`; }
  share(rank) { return Math.round((100 * (this.n - rank - 0.5)) / this.n); }
  /** Where the thumbnail of a rank lies at a level: page name, and x and y (px) on it. */
  slot(rank, level) {
    const { px, page, per_page: per, pages } = this.levels[level];
    const slot = rank % per, across = page / px;
    return { name: pages[Math.floor(rank / per)], x: (slot % across) * px, y: Math.floor(slot / across) * px, px, across };
  }
  async photo(rank) {
    const url = `/ds/photo/${this.world}/${this.row[rank]}.json${this.query}`;
    if (!this.facts.has(rank)) this.facts.set(rank, fetch(url).then((answer) => (answer.ok ? answer.json() : {})));
    return this.facts.get(rank).catch(() => { this.facts.delete(rank); return {}; });
  }
  pixels(page) {
    const name = this.levels[0].pages[page];
    const bitmap = this.small.has(page) || this.pages.get(name);
    if (bitmap && !this.small.has(page)) {
      const copy = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d', { willReadFrequently: true });
      copy.drawImage(bitmap, 0, 0);
      this.small.set(page, new Uint32Array(copy.getImageData(0, 0, bitmap.width, bitmap.height).data.buffer));
    }
    return this.small.get(page);
  }
}

/** An address under /ds/ or base64 of int32, little-endian. */
export async function fetchRanks(given) {
  if (!given.startsWith('/')) return new Int32Array(Uint8Array.from(atob(given), (c) => c.charCodeAt(0)).buffer);
  const answer = await fetch(given);
  if (!answer.ok) throw new Error(`${given}: ${answer.status}`);
  return new Int32Array(await answer.arrayBuffer());
}

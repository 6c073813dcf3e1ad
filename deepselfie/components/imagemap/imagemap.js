// The image map: draws many photos on a canvas and tells Python which one is selected.
// In: the JSON that image_map() of __init__.py sends; the atlas, pictures and facts under /ds/. One class a concern:
// Loader fetches and keeps bitmaps, Atlas knows the photos of a world, Grid and Scatter say where a photo stands,
// Card shows one photo, ImageMap draws and listens. Lengths are CSS px unless named otherwise; y points down.

const maps = new WeakMap(); // parentElement (a ShadowRoot) -> ImageMap: Streamlit calls again at every change of data

export default function (component) {
  const root = component.parentElement;
  if (!maps.has(root)) maps.set(root, new ImageMap(root));
  maps.get(root).update(component);
  return () => { maps.get(root)?.dispose(); maps.delete(root); };
}

const AT_ONCE = 6, PAGES = 64, PICTURES = 160; // fetches in flight; bitmaps kept: pages of 4 MB, pictures of 0.25 MB
const NEAR = 80; // from this cell size on, a photo is fetched by itself
const FLIGHT = 300; // ms
const UNPLACED = 4, SIDE = 65535; // geometry: the flag of a photo without a place on the map; the map's side
const clamp = (v, low, high) => Math.min(Math.max(v, low), Math.max(low, high));
const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
const element = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};

/** Fetches bitmaps that are wanted now, and keeps those last used. */
class Loader {
  constructor(address, kept, ready) {
    Object.assign(this, { address, kept, ready, done: new Map(), flying: new Map(), wanted: new Map(), failed: new Map() });
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
        if (this.flying.size >= AT_ONCE) return;
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
class Atlas {
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
    this.pages = new Loader((key) => this.base + key, PAGES, redraw);
    this.pictures = new Loader((rank) => this.picture(rank), PICTURES, redraw);
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

/** Row by row, in the order of `ranks`: the wall, and the galleries. Unit: one cell. */
class Grid {
  constructor(ranks, width, height, { thumb, captions }) {
    this.ranks = ranks;
    this.tall = captions ? 1.26 : 1; // height of a cell with its caption
    const n = Math.max(ranks.length, 1);
    this.columns = thumb ? clamp(Math.floor(width / thumb), 2, 1e6) : Grid.columns(n, width / height);
    this.columns = Math.min(this.columns, n);
    this.w = this.columns;
    this.h = Math.ceil(n / this.columns) * this.tall;
    const whole = Math.min(width / this.w, height / this.h);
    this.home = thumb ? Math.min(width / this.w, thumb * 1.25) : whole;
    this.least = Math.min(this.home, whole);
    this.most = Math.max(this.home, Math.min(512, 0.9 * Math.min(width, height)));
    this.top = Boolean(thumb);
  }
  /** The number of columns that lets n square cells be largest in a view of this aspect. */
  static columns(n, aspect) {
    let best = 1, size = 0;
    for (let c = 1; c <= n; c++) {
      const cell = Math.min(aspect / c, 1 / Math.ceil(n / c));
      if (cell > size) [best, size] = [c, cell];
    }
    return best;
  }
  size(k) { return k; }
  gap(k) { return this.top || k >= 24 ? Math.min(k * 0.05, 8) : 0; }
  place(i) { return [(i % this.columns) + 0.5, Math.floor(i / this.columns) * this.tall + 0.5]; }
  at(x, y) {
    const column = Math.floor(x), i = Math.floor(y / this.tall) * this.columns + column;
    return column >= 0 && column < this.columns && y >= 0 && i < this.ranks.length ? i : -1;
  }
  step(i, dx, dy) {
    const next = i + dx + dy * this.columns;
    return next >= 0 && next < this.ranks.length ? next : i;
  }
  markAt(mark) {
    let i = this.ranks.findIndex((rank) => rank >= mark.rank);
    if (i < 0) i = this.ranks.length - 1;
    return this.place(i);
  }
}

/** Each at its place on the map. Unit: the map's side. */
class Scatter {
  constructor(ranks, width, height, { atlas }) {
    this.ranks = ranks.filter((rank) => !(atlas.flags[rank] & UNPLACED));
    this.x = Float32Array.from(this.ranks, (rank) => atlas.x[rank] / SIDE);
    this.y = Float32Array.from(this.ranks, (rank) => 1 - atlas.y[rank] / SIDE);
    const extent = (v) => v.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [1, 0]);
    const [x, y] = [extent(this.x), extent(this.y)];
    [this.x0, this.y0, this.w, this.h] = [x[0], y[0], Math.max(x[1] - x[0], 0.01), Math.max(y[1] - y[0], 0.01)];
    this.home = this.least = 0.94 * Math.min(width / this.w, height / this.h);
    this.thumb = clamp((1.7 * Math.min(width, height)) / Math.sqrt(this.ranks.length + 1), 7, 64);
    this.most = this.home * (240 / this.thumb) ** (1 / 0.72);
  }
  size(k) { return this.thumb * (k / this.home) ** 0.72; } // slower than the map: photos part as one comes nearer
  gap() { return 0; }
  place(i) { return [this.x[i], this.y[i]]; }
  at(x, y, k, reach = 0) {
    const half = this.size(k) / 2 / k;
    let near = -1, least = Math.max(half, reach / k);
    for (let i = 0; i < this.ranks.length; i++) { // the best is drawn last, so it lies on top
      const d = Math.max(Math.abs(this.x[i] - x), Math.abs(this.y[i] - y));
      if (d <= half) return i;
      if (d < least) [near, least] = [i, d];
    }
    return near;
  }
  step(from, dx, dy) {
    let best = from, least = Infinity;
    for (let i = 0; i < this.ranks.length; i++) {
      const x = this.x[i] - this.x[from], y = this.y[i] - this.y[from];
      const along = x * dx + y * dy, across = Math.abs(x * dy) + Math.abs(y * dx), d = along + 2 * across;
      if (along > 1e-6 && across <= along && d < least) [best, least] = [i, d];
    }
    return best;
  }
  markAt(mark) { return [mark.x / SIDE, 1 - mark.y / SIDE]; }
}

/** The photo under the pointer, or the selected one: picture, score, and the six most alike. */
class Card {
  constructor(map) {
    this.map = map;
    this.thumb = element('canvas', { width: 64, height: 64 });
    this.picture = element('img', { alt: '', decoding: 'async' });
    this.score = element('strong');
    this.words = element('span');
    this.name = element('span', { class: 'name' });
    this.alike = element('div', { class: 'alike' });
    this.label = element('small', {}, 'Most alike');
    const shut = element('button', { class: 'shut', 'aria-label': 'Let go of this photo' }, '×');
    shut.onclick = () => map.select(-1);
    this.box = element('div', { class: 'card', hidden: '' }, element('div', { class: 'picture' }, this.thumb, this.picture),
      element('div', { class: 'facts' }, element('p', {}, this.score, this.words), this.name, this.label, this.alike), shut);
    this.picture.onload = () => this.picture.classList.add('there');
  }
  show(rank, pinned) {
    this.box.classList.toggle('pinned', pinned);
    if (rank === this.rank) return;
    this.rank = rank;
    clearTimeout(this.waiting);
    this.box.hidden = rank < 0;
    if (rank < 0) return;
    const { atlas } = this.map;
    this.score.textContent = `${Math.round(100 * atlas.score[rank])} %`;
    this.words.textContent = ` better liked than ${atlas.share(rank)} % of these`;
    this.name.textContent = '';
    this.picture.classList.remove('there');
    this.picture.removeAttribute('src');
    this.thumb.painted = false;
    this.alike.replaceChildren();
    this.label.hidden = true;
    this.waiting = setTimeout(() => this.ask(rank), atlas.facts.has(rank) ? 0 : 60);
  }
  async ask(rank) {
    this.picture.src = this.map.atlas.picture(rank);
    const { name, credit, neighbours = [] } = await this.map.atlas.photo(rank);
    if (rank !== this.rank) return;
    this.name.textContent = [name, credit].filter(Boolean).join(' · ');
    const ranks = neighbours.map((row) => this.map.atlas.rankOf.get(row)).filter((r) => r !== undefined).slice(0, 6);
    this.label.hidden = !ranks.length;
    this.alike.replaceChildren(...ranks.map((r) => this.button(r)));
    this.map.redraw();
  }
  button(rank) {
    const canvas = element('canvas', { width: 64, height: 64 });
    const made = element('button', { 'aria-label': `Go to a photo like this, number ${rank + 1}` }, canvas);
    Object.assign(canvas, { rank });
    made.onclick = () => this.map.goTo(rank);
    return made;
  }
  get neighbours() { return this.box.hidden ? [] : [...this.alike.querySelectorAll('canvas')].map((c) => c.rank); }
  /** Paints the thumbnails whose pages have come, and returns the pages that are still to come. */
  paint() {
    if (this.box.hidden) return [];
    this.thumb.rank = this.rank;
    return [this.thumb, ...this.alike.querySelectorAll('canvas')].filter((c) => !c.painted).flatMap((canvas) => {
      const { name, x, y, px } = this.map.atlas.slot(canvas.rank, 1), page = this.map.atlas.pages.get(name);
      if (!page) return [name];
      canvas.getContext('2d').drawImage(page, x, y, px, px, 0, 0, 64, 64);
      canvas.painted = true;
      return [];
    });
  }
  /** Beside the photo's square, inside the map; on narrow maps the style sheet lays it along the bottom edge. */
  stand(x, y, size, width, height) {
    const { offsetWidth: w, offsetHeight: h } = this.box, room = size / 2 + 14;
    const left = x + room + w <= width - 8 ? x + room : x - room - w;
    this.box.style.transform = width < 560 ? '' : `translate(${clamp(left, 8, width - w - 8)}px, ${clamp(y - h / 2, 8, height - h - 8)}px)`;
  }
}

class ImageMap {
  constructor(root) {
    this.canvas = element('canvas', { tabindex: 0, role: 'application', 'aria-roledescription': 'image map' });
    this.context = this.canvas.getContext('2d', { alpha: false });
    this.card = new Card(this);
    this.live = element('div', { class: 'live', 'aria-live': 'polite' });
    this.note = element('div', { class: 'note', role: 'status' }, 'Fetching the photos …');
    this.reveal = element('button', { class: 'reveal', hidden: '' }, 'Show them');
    this.reveal.onclick = () => { this.shown = true; this.dress(); };
    this.box = element('div', { class: 'map' }, this.canvas, this.note, this.reveal, this.buttons(), this.card.box, this.live);
    root.append(this.box);
    Object.assign(this, { hovered: -1, selected: -1, pointers: new Map(), sent: [], camera: null, width: 0, height: 0 });
    this.listening = new AbortController();
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.box);
    this.listen();
  }

  buttons() {
    const button = (sign, label, act) => {
      const made = element('button', { 'aria-label': label, title: label }, sign);
      made.onclick = act;
      return made;
    };
    return element('div', { class: 'buttons' },
      button('+', 'Nearer (+)', () => this.zoom(1.8)), button('−', 'Farther (−)', () => this.zoom(1 / 1.8)),
      button('⤢', 'All in view (0)', () => this.fit()));
  }

  /** New data from Python, or a new theme: the same instance goes on. */
  async update(component) {
    const before = this.data ?? {}, data = (this.data = component.data);
    this.pick = (row) => component.setTriggerValue('picked', { row });
    if (data.blurred !== before.blurred) this.shown = false;
    this.dress();
    const fresh = ['world', 'version', 'layout', 'ranks', 'thumb', 'key'].some((name) => data[name] !== before[name]);
    if (fresh) await this.open(data);
    if (this.data !== data || !this.atlas?.row) return;
    if (fresh || data.selected !== before.selected) this.obey(data.selected, fresh);
    if (data.mark?.image !== before.mark?.image) this.setMark(data.mark);
    this.redraw();
  }
  async open(data) {
    this.layout = null;
    const atlas = Atlas.open(data.world, data.version, this);
    if (this.atlas && this.atlas !== atlas) this.atlas.close(this);
    this.atlas = atlas;
    try {
      const ranks = data.ranks && fetchRanks(data.ranks);
      await atlas.loaded;
      this.all = (await ranks) ?? Int32Array.from({ length: atlas.n }, (_, rank) => rank);
    } catch {
      Atlas.all.delete(`${data.world}?${data.version}`);
      this.note.replaceChildren('The photos could not be fetched. ', element('button', {}, 'Try again'));
      this.note.lastChild.onclick = () => this.open(data).then(() => this.redraw());
      return;
    }
    if (this.data.ranks !== data.ranks || this.data.layout !== data.layout) return;
    this.note.hidden = this.all.length > 0;
    this.note.textContent = 'No photo matches.';
    this.hovered = this.selected = -1;
    this.arrange();
    this.camera = this.saved() ?? this.homeView();
  }
  dress() {
    const { data } = this, style = getComputedStyle(this.box), blurred = Boolean(data.blurred && !this.shown);
    this.box.style.setProperty('--height', `${data.height}px`);
    this.canvas.setAttribute('aria-label', data.label);
    this.paper = style.getPropertyValue('--st-background-color').trim() || '#fff';
    this.ink = style.getPropertyValue('--st-text-color').trim() || '#222';
    this.accent = style.getPropertyValue('--st-primary-color').trim() || '#d6336c';
    this.font = style.getPropertyValue('--st-font').trim() || 'sans-serif';
    this.box.classList.toggle('blurred', blurred);
    this.reveal.hidden = !blurred;
    this.redraw();
  }
  /** Python's word on what is selected, unless it is only the echo of what was picked here. */
  obey(row, fresh) {
    const echo = this.sent.indexOf(row);
    if (echo >= 0) { this.sent.splice(0, echo + 1); if (!fresh) return; }
    const i = this.indexOf(this.atlas.rankOf.get(row));
    this.selected = i;
    if (i >= 0) { this.announce(); this.bringIntoView(i, fresh); }
  }
  setMark(mark) {
    this.mark = null;
    if (!mark) return;
    const image = new Image();
    image.onload = () => { this.mark = image; this.redraw(); };
    image.src = mark.image;
  }

  arrange() {
    const { data, atlas, width, height } = this;
    if (!width || !atlas?.row || !this.all) return;
    const Kind = data.layout === 'tsne' ? Scatter : Grid, thumb = data.layout === 'gallery' ? data.thumb ?? 112 : null;
    this.layout = new Kind(this.all, width, height, { atlas, thumb, captions: data.captions });
    this.index = null;
  }
  indexOf(rank) {
    if (rank === undefined || !this.layout) return -1;
    if (!this.index) {
      this.index = new Int32Array(this.atlas.n).fill(-1);
      this.layout.ranks.forEach((r, i) => { this.index[r] = i; });
    }
    return this.index[rank];
  }
  resize() {
    const { width, height } = this.box.getBoundingClientRect();
    if (!width || !height || (width === this.width && height === this.height)) return;
    const view = this.camera && this.layout && this.relative();
    const selected = this.layout && this.selected >= 0 ? this.layout.ranks[this.selected] : undefined;
    Object.assign(this, { width, height, dpr: Math.min(devicePixelRatio || 1, 2.5) });
    [this.canvas.width, this.canvas.height] = [Math.round(width * this.dpr), Math.round(height * this.dpr)];
    this.arrange();
    if (this.layout) {
      this.camera = view ? this.absolute(view) : this.saved() ?? this.homeView();
      this.hovered = -1;
      this.selected = this.indexOf(selected);
    }
    this.draw(); // at once: setting a canvas's size has blanked it
  }

  // The camera: x and y, in units of the layout, are in the middle of the view; k is CSS px per unit.
  homeView() {
    const { x0 = 0, y0 = 0, w, h, home, top } = this.layout;
    return this.bounded({ x: x0 + w / 2, y: top ? 0 : y0 + h / 2, k: home });
  }
  bounded({ x, y, k }) {
    const { layout, width, height } = this, { x0 = 0, y0 = 0, w, h, least, most, top } = layout;
    k = clamp(k, least, most);
    const slack = layout instanceof Scatter ? 0.45 : 0, axis = (v, from, side, view, aligned) => {
      const half = view / 2 / k, free = half * 2 * slack;
      if (side <= 2 * half && !free) return aligned ? from + half : from + side / 2;
      return clamp(v, Math.min(from + half, from + side / 2) - free, Math.max(from + side - half, from + side / 2) + free);
    };
    return { x: axis(x, x0, w, width), y: axis(y, y0, h, height, top), k };
  }
  relative() {
    const { camera: { x, y, k }, layout: { x0 = 0, y0 = 0, w, h, home } } = this;
    return [(x - x0) / w, (y - y0) / h, k / home];
  }
  absolute([x, y, z]) {
    const { x0 = 0, y0 = 0, w, h, home } = this.layout;
    return this.bounded({ x: x0 + x * w, y: y0 + y * h, k: z * home });
  }
  get memory() { return `deepselfie:view:${this.data.world}:${this.data.layout}:${this.data.key}`; }
  saved() {
    if (!this.layout) return null;
    const { n, version, view } = JSON.parse(sessionStorage.getItem(this.memory) ?? '{}');
    return n === this.layout.ranks.length && version === this.data.version ? this.absolute(view) : null;
  }
  save() {
    clearTimeout(this.saving);
    this.saving = setTimeout(() => {
      if (!this.layout || !this.camera) return;
      const { layout: { ranks: { length: n } }, data: { version } } = this;
      sessionStorage.setItem(this.memory, JSON.stringify({ n, version, view: this.relative() }));
    }, 200);
  }
  move(camera, animated = false) {
    const target = this.bounded(camera);
    this.flight = null;
    if (animated && !calm()) this.flight = { from: this.camera, to: target, start: performance.now() };
    else this.camera = target;
    this.redraw();
  }
  fly(now) {
    const { from, to, start } = this.flight, t = clamp((now - start) / FLIGHT, 0, 1), s = t * t * (3 - 2 * t);
    const k = from.k * (to.k / from.k) ** s;
    // the centre goes as 1/k does, so that a zoom at a point keeps that point
    const part = Math.abs(to.k / from.k - 1) < 1e-3 ? s : (1 / from.k - 1 / k) / (1 / from.k - 1 / to.k);
    this.camera = { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part, k };
    if (t === 1) { this.camera = to; this.flight = null; } else this.redraw();
  }
  zoom(factor, px = this.width / 2, py = this.height / 2, animated = true) {
    if (!this.layout) return;
    const { x, y, k: from } = this.flight?.to ?? this.camera, k = clamp(from * factor, this.layout.least, this.layout.most);
    const shift = 1 / from - 1 / k;
    this.move({ x: x + (px - this.width / 2) * shift, y: y + (py - this.height / 2) * shift, k }, animated);
  }
  fit() { if (this.layout) this.move(this.homeView(), true); }
  toScreen([x, y]) {
    const { camera: { x: cx, y: cy, k }, width, height } = this;
    return [(x - cx) * k + width / 2, (y - cy) * k + height / 2];
  }
  under(px, py, reach) {
    const { camera: { x, y, k }, width, height } = this;
    return this.layout.at(x + (px - width / 2) / k, y + (py - height / 2) / k, k, reach);
  }
  bringIntoView(i, near = false) {
    const [x, y] = this.layout.place(i), [px, py] = this.toScreen([x, y]), edge = this.layout.size(this.camera.k) / 2;
    const inside = px > edge && py > edge && px < this.width - edge && py < this.height - edge;
    if (!inside) this.move({ x, y, k: this.camera.k }, !near);
  }

  select(i, tell = true) {
    if (i === this.selected) return;
    this.selected = i;
    const row = i < 0 ? null : this.atlas.row[this.layout.ranks[i]];
    if (i >= 0) this.announce();
    else this.live.textContent = 'No photo selected';
    clearTimeout(this.telling);
    if (tell) this.telling = setTimeout(() => { this.sent.push(row); this.pick(row); }, tell === true ? 0 : tell);
    this.redraw();
  }
  announce() {
    const rank = this.layout.ranks[this.selected], { atlas } = this;
    this.live.textContent = `Photo ${rank + 1} of ${atlas.n}: score ${Math.round(100 * atlas.score[rank])} percent, `
      + `better liked than ${atlas.share(rank)} percent of these`;
  }
  /** Flies to a photo, if it is on this map, so near that it can be seen well, and selects it. */
  goTo(rank) {
    const i = this.indexOf(rank);
    if (i < 0) return this.pick(this.atlas.row[rank]);
    const [x, y] = this.layout.place(i);
    let k = this.camera.k;
    while (this.layout.size(k) < 48 && k < this.layout.most) k *= 1.1;
    this.move({ x, y, k }, true);
    this.select(i);
  }

  redraw() {
    this.frame ??= requestAnimationFrame((now) => { this.frame = null; if (this.flight) this.fly(now); this.draw(); });
  }
  draw() {
    const { context, layout, camera, dpr, width, height } = this;
    if (!width || !this.paper) return;
    context.setTransform(dpr, 0, 0, dpr, 0, 0);
    context.fillStyle = this.paper;
    context.fillRect(0, 0, width, height);
    if (!layout || !camera) return;
    this.needs = { pages: new Set(), pictures: [] };
    const size = layout.size(camera.k) - layout.gap(camera.k);
    if (layout instanceof Scatter) this.drawScatter(size);
    else this.drawGrid(size);
    this.drawChosen(size);
    const card = this.card.paint();
    this.atlas.pages.want(this, [...new Set([...card, ...this.needs.pages])]);
    this.atlas.pictures.want(this, this.needs.pictures);
    Object.assign(this.canvas.dataset, { view: [camera.x, camera.y, camera.k].join(), columns: layout.columns ?? '' });
    this.save();
  }
  drawGrid(size) {
    const { layout, camera: { y, k }, height, data } = this, tall = layout.tall * k, n = layout.ranks.length;
    const first = Math.max(0, Math.floor((y - height / 2 / k) / layout.tall));
    const last = Math.min(Math.ceil(n / layout.columns) - 1, Math.floor((y + height / 2 / k) / layout.tall));
    for (let row = first; row <= last; row++) {
      const start = row * layout.columns, end = Math.min(n, start + layout.columns);
      if (!layout.gap(k)) { this.drawRuns(start, end); continue; }
      for (let i = start; i < end; i++) {
        const [px, py] = this.toScreen(layout.place(i));
        if (px < -k || px > this.width + k) continue;
        this.drawPhoto(layout.ranks[i], px, py, size);
        if (data.captions && tall > 60) this.drawCaption(data.captions[layout.ranks[i]], px, py + size / 2, size);
      }
    }
  }
  /** Neighbours on the wall that are neighbours on a page too are drawn as one strip: 30 times fewer calls. */
  drawRuns(start, end) {
    const { layout: { ranks, columns }, camera: { k }, context, dpr, atlas } = this, snap = (v) => Math.round(v * dpr) / dpr;
    const [x0, y0] = this.toScreen([0, Math.floor(start / columns)]), top = snap(y0), tall = snap(y0 + k) - top;
    let from = start + Math.max(0, Math.floor(-x0 / k));
    const until = Math.min(end, start + Math.ceil((this.width - x0) / k)), level = k * dpr > 20 ? 1 : 0;
    while (from < until) {
      const { bitmap, x, y, px, across } = this.thumbnail(ranks[from], level);
      let to = from + 1;
      if (bitmap) for (let left = across - x / px; --left && to < until && ranks[to] === ranks[to - 1] + 1;) to++;
      const left = snap(x0 + (from - start) * k), wide = snap(x0 + (to - start) * k) - left;
      if (bitmap) context.drawImage(bitmap, x, y, px * (to - from), px, left, top, wide, tall);
      else { context.fillStyle = atlas.colour(ranks[from]); context.fillRect(left, top, wide, tall); }
      from = to;
    }
  }
  /** The slot of a thumbnail with its page's bitmap: of the level asked for, else of the smaller one, else without. */
  thumbnail(rank, level) {
    for (; level >= 0; level--) {
      const slot = this.atlas.slot(rank, level), bitmap = this.atlas.pages.get(slot.name);
      if (!bitmap) this.needs.pages.add(slot.name);
      if (bitmap || !level) return { ...slot, bitmap };
    }
  }
  drawPhoto(rank, px, py, size) {
    const { context } = this, left = px - size / 2, top = py - size / 2;
    const whole = size > NEAR && this.atlas.pictures.get(rank);
    if (size > NEAR && !whole) this.needs.pictures.push(rank);
    if (whole) return context.drawImage(whole, left, top, size, size);
    const { bitmap, x, y, px: side } = this.thumbnail(rank, size * this.dpr > 20 ? 1 : 0);
    if (bitmap) return context.drawImage(bitmap, x, y, side, side, left, top, size, size);
    context.fillStyle = this.atlas.colour(rank);
    context.fillRect(left, top, size, size);
  }
  drawCaption(text, px, top, size) {
    if (!text) return;
    const { context } = this, font = clamp(size * 0.125, 9, 20);
    context.font = `${font}px ${this.font}`;
    context.fillStyle = this.ink;
    context.textAlign = 'center';
    context.textBaseline = 'top';
    context.fillText(text, px, top + font * 0.3, size);
  }
  drawScatter(size) {
    const { layout, width, height, camera: { x, y, k } } = this, half = size / 2, seen = [];
    for (let i = layout.ranks.length - 1; i >= 0; i--) {
      const px = (layout.x[i] - x) * k + width / 2, py = (layout.y[i] - y) * k + height / 2;
      if (px > -half && py > -half && px < width + half && py < height + half) seen.push(i, px, py);
    }
    if (seen.length / 3 > 1500 && size * this.dpr <= 32) this.splat(seen, size);
    else for (let j = 0; j < seen.length; j += 3) this.drawPhoto(layout.ranks[seen[j]], seen[j + 1], seen[j + 2], size);
  }
  /** Thousands of small photos, pixel by pixel: faster than as many calls of drawImage, with a GPU or without. */
  splat(seen, size) {
    const { canvas: { width, height }, context, atlas, dpr } = this, { px, page, per_page: per, pages } = atlas.levels[0];
    const image = context.getImageData(0, 0, width, height), out = new Uint32Array(image.data.buffer);
    const side = Math.max(1, Math.round(size * dpr)), step = px / side, across = page / px;
    for (let j = 0; j < seen.length; j += 3) {
      const rank = this.layout.ranks[seen[j]], p = Math.floor(rank / per), slot = rank % per, source = atlas.pixels(p);
      if (!source) this.needs.pages.add(pages[p]);
      const flat = 0xff000000 | (atlas.b[rank] << 16) | (atlas.g[rank] << 8) | atlas.r[rank];
      const left = Math.round(seen[j + 1] * dpr - side / 2), top = Math.round(seen[j + 2] * dpr - side / 2);
      const from = Math.floor(slot / across) * px * page + (slot % across) * px;
      const a = Math.max(0, -left), b = Math.min(side, width - left), bottom = Math.min(side, height - top);
      for (let v = Math.max(0, -top); v < bottom; v++) {
        const line = from + ((v * step) | 0) * page, to = (top + v) * width + left;
        for (let u = a; u < b; u++) out[to + u] = source ? source[line + ((u * step) | 0)] : flat;
      }
    }
    context.putImageData(image, 0, 0);
  }
  /** Rings around the hovered, the selected and those alike; the photo of one's own; the card beside its photo. */
  drawChosen(size) {
    const { layout, card, atlas, data } = this, scattered = layout instanceof Scatter;
    const shown = this.selected >= 0 ? this.selected : this.hovered;
    card.show(shown < 0 ? -1 : layout.ranks[shown], this.selected >= 0);
    const lifted = scattered ? card.neighbours.map((rank) => this.indexOf(rank)).filter((i) => i >= 0) : [];
    for (const [i, line] of [...lifted.map((j) => [j, 2]), [this.hovered, 3], [this.selected, 4]]) {
      if (i < 0 || i >= layout.ranks.length) continue;
      const [px, py] = this.toScreen(layout.place(i));
      const side = scattered ? Math.max(size, line === 2 ? 14 : 26) : Math.max(size, 8);
      this.drawPhoto(layout.ranks[i], px, py, side);
      this.ring(px, py, side, line);
      if (i === shown) card.stand(px, py, side, this.width, this.height);
    }
    if (!this.mark || !data.mark || !atlas) return;
    const [px, py] = this.toScreen(layout.markAt(data.mark)), side = clamp(size * 1.3, 52, 240);
    this.context.drawImage(this.mark, px - side / 2, py - side / 2, side, side);
    this.ring(px, py, side, 4);
    this.drawCaption('you', px, py + side / 2 + 2, 110);
  }
  ring(px, py, size, line) {
    const { context } = this, side = size + line;
    for (const [colour, width] of [[this.paper, line + 3], [this.accent, line]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.strokeRect(px - side / 2, py - side / 2, side, side);
    }
  }

  listen() {
    const { canvas } = this, on = (type, act, options) =>
      canvas.addEventListener(type, act, { signal: this.listening.signal, ...options });
    on('pointerdown', (event) => this.press(event));
    on('pointermove', (event) => this.drag(event));
    on('pointerup', (event) => this.release(event, true));
    on('pointercancel', (event) => this.release(event, false));
    on('pointerleave', () => this.hover(-1));
    on('wheel', (event) => this.wheel(event), { passive: false });
    on('dblclick', (event) => this.zoom(2.2, event.offsetX, event.offsetY));
    on('keydown', (event) => this.keydown(event));
  }
  hover(i) {
    if (i === this.hovered) return;
    this.hovered = i;
    this.canvas.style.cursor = i < 0 ? 'grab' : 'pointer';
    this.redraw();
  }
  press(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    this.moved = this.pointers.size > 1 ? Infinity : 0; // px so far: a press that does not move is a click
  }
  drag(event) {
    if (!this.layout || !this.camera) return;
    const { offsetX: x, offsetY: y, pointerType } = event, held = this.pointers.get(event.pointerId);
    if (!held) {
      if (pointerType === 'mouse' && !this.box.classList.contains('blurred')) this.hover(this.under(x, y, 4));
      return;
    }
    const before = this.grip();
    this.moved += Math.hypot(x - held.x, y - held.y);
    Object.assign(held, { x, y });
    if (this.moved < (pointerType === 'mouse' ? 4 : 10)) return;
    this.hover(-1);
    const after = this.grip(), { camera } = this;
    this.move({ x: camera.x - (after.x - before.x) / camera.k, y: camera.y - (after.y - before.y) / camera.k, k: camera.k });
    if (before.spread && after.spread) this.zoom(after.spread / before.spread, after.x, after.y, false);
  }
  /** The middle of the fingers on the map, and how far two are apart. */
  grip() {
    const [a, b = a] = [...this.pointers.values()];
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, spread: Math.hypot(a.x - b.x, a.y - b.y) };
  }
  release(event, up) {
    const still = this.moved < (event.pointerType === 'mouse' ? 4 : 10);
    if (!this.pointers.delete(event.pointerId) || !up || !still || !this.layout) return;
    if (!this.box.classList.contains('blurred'))
      this.select(this.under(event.offsetX, event.offsetY, event.pointerType === 'mouse' ? 4 : 14));
  }
  /** Zooms at the pointer. A gallery is scrolled like the page it is on, until it has been clicked or Ctrl is held;
   *  and what can move no farther leaves the wheel to the page. */
  wheel(event) {
    if (!this.layout || !this.camera) return;
    const amount = event.deltaY * (event.deltaMode ? 16 : 1), { camera, layout } = this;
    const zooms = !layout.top || event.ctrlKey || this.canvas.matches(':focus');
    const before = { ...camera };
    if (zooms) this.zoom(Math.exp(-amount * (event.ctrlKey ? 0.01 : 0.0018)), event.offsetX, event.offsetY, false);
    else this.move({ ...camera, y: camera.y + amount / camera.k });
    const stuck = Math.abs(this.camera.k - before.k) < 1e-9 * before.k && Math.abs(this.camera.y - before.y) < 1e-9;
    if (!stuck || event.ctrlKey) event.preventDefault();
  }
  keydown(event) {
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const acts = {
      '+': () => this.zoom(1.8), '=': () => this.zoom(1.8), '-': () => this.zoom(1 / 1.8), 0: () => this.fit(),
      Escape: () => this.select(-1),
    };
    const step = arrows[event.key], act = step ? () => this.walk(...step) : acts[event.key];
    if (!act || !this.layout || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }
  walk(dx, dy) {
    if (this.box.classList.contains('blurred') || !this.layout.ranks.length) return;
    const middle = Math.max(0, this.under(this.width / 2, this.height / 2, Infinity));
    const i = this.selected >= 0 ? this.layout.step(this.selected, dx, dy) : middle;
    this.select(i, 300);
    this.bringIntoView(i);
  }
  dispose() {
    this.listening.abort();
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
    for (const timer of [this.saving, this.telling, this.card.waiting]) clearTimeout(timer);
    this.atlas?.close(this);
    this.box.remove();
  }
}

/** "url:/ds/ranks/…" or base64 of int32, little-endian. */
async function fetchRanks(given) {
  if (!given.startsWith('/')) return new Int32Array(Uint8Array.from(atob(given), (c) => c.charCodeAt(0)).buffer);
  const answer = await fetch(given);
  if (!answer.ok) throw new Error(`${given}: ${answer.status}`);
  return new Int32Array(await answer.arrayBuffer());
}

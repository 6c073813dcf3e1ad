// The image map: one instance draws the photos of one world, listens, and keeps what is seen in the address.
// In: the JSON that image_map() of __init__.py sends; the atlas, pictures and facts under /ds/.

import { Atlas, fetchRanks } from './atlas';
import { Bar } from './bar';
import { absolute, between, bounded, eased, homeOf, relative, toScreen, zoomed } from './camera';
import { CanvasRenderer } from './canvas';
import { Card, paintThumb } from './card';
import { FrameWatch, wantsWebgl } from './choose';
import { onlyToText, paint, passes, textToOnly, type Only } from './colours';
import { clamp, element } from './dom';
import { drawOutline, enclosed } from './lasso';
import { layoutOf, sizeAt, step, zoomFor, type Layout } from './layouts';
import { Legend } from './legend';
import { arrivedWith, readLink, writeLink, type Seen } from './link';
import { Minimap } from './minimap';
import { drawNames, namesOf, type Name } from './names';
import { drawCaptions, drawMark, drawPictures, drawRinged, type Theme } from './overlay';
import { Panel } from './panel';
import { Pointing, type Point } from './pointing';
import type { Renderer } from './renderer';
import { inView, levelFor, middleOf, onScreen, sideOf, thinned, under, type Look, type Scene, type Stand } from './scene';
import { Search } from './search';
import type { Camera, Data, Facet, Family, LayoutName, View } from './types';
import { WebglRenderer } from './webgl';

const FLIGHT = 300, PASSAGE = 900; // ms: of the camera, and of the photos from layout to layout
const REST = 120; // ms after the last movement, there is time to draw well
const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
const once = (name: string) => { if (!performance.getEntriesByName(name).length) performance.mark(name); };

const sameView = (a: Camera, b: Camera) => Math.abs(a.x - b.x) * a.k < 0.5 && Math.abs(a.y - b.y) * a.k < 0.5 && Math.abs(a.k / b.k - 1) < 1e-3;

interface Flight { from: Camera; to: Camera; start: number }
interface Passage { from: Stand; start: number; families: Family[] }

export class ImageMap {
  private readonly overlay = element('canvas', { class: 'overlay' });
  private readonly context = this.overlay.getContext('2d')!;
  private readonly stage = element('div', { class: 'stage', tabindex: 0, role: 'application', 'aria-roledescription': 'image map' });
  private readonly live = element('div', { class: 'live', 'aria-live': 'polite' });
  private readonly note = element('div', { class: 'note', role: 'status' }, 'Fetching the photos …');
  private readonly reveal = element('button', { class: 'reveal', hidden: '' }, 'Show them');
  private readonly box: HTMLElement;
  private readonly bar: Bar;
  private readonly card: Card;
  private readonly panel: Panel;
  private readonly legend: Legend;
  private readonly minimap: Minimap;
  private readonly search: Search;
  private readonly pointing: Pointing;
  private readonly listening = new AbortController();
  private readonly observer = new ResizeObserver(() => this.resize());
  private readonly home = location.pathname; // another page's address is not ours to write
  private readonly watch = new FrameWatch();
  private renderer: Renderer;

  private came: Seen | null = null; // what the address asked for when the visitor came
  private data: Data | null = null;
  private atlas: Atlas | null = null;
  private all = new Int32Array(); // the ranks shown
  private index: Int32Array | null = null; // rank -> place in `all`, -1 for none
  private layout: Layout | null = null;
  private camera: Camera = { x: 0, y: 0, k: 1 };
  private view: View = { width: 0, height: 0, dpr: 1 };
  private scene: Scene | null = null;
  private flight: Flight | null = null;
  private passage: Passage | null = null;
  private theme: Theme = { paper: '#fff', ink: '#222', accent: '#d6336c', font: 'sans-serif' };
  private paper = 0xffffffff;
  private mark: HTMLImageElement | null = null;
  private hovered = -1; // place in `all`
  private chosen = -1; // rank of the pinned photo
  private shown = false; // the visitor has asked to see what was blurred
  private armed = false;
  private outline: Point[] = [];

  private look: Look = { colour: null, dim: null, hidden: false };
  private facet: Facet | null = null;
  private values: Float32Array | null = null;
  private only: Only | null = null;
  private lassoed: Uint8Array | null = null; // by rank
  private facets: Facet[] = [];
  private names: Name[] = [];
  private named: unknown[] = [];
  private clusters: { facet: Facet; values: Float32Array } | null = null;

  private frame = 0;
  private movedAt = -Infinity;
  private kept: { layout: Layout; k: number; look: Look; list: Uint8Array | null } | null = null;
  private listed: { key: unknown[]; list: Uint32Array } | null = null;
  private resting: ReturnType<typeof setTimeout> | undefined;
  private saving: ReturnType<typeof setTimeout> | undefined;

  constructor(root: ShadowRoot) {
    this.bar = new Bar({
      layout: (name) => this.change(name), colour: (key) => void this.colourBy(key), lasso: () => this.arm(!this.armed),
      search: () => this.search.open(), zoom: (factor) => this.zoom(factor), fit: () => this.fit(), full: () => this.full(),
    });
    this.card = new Card({ goTo: (rank) => this.goTo(rank), letGo: () => this.select(-1), redraw: () => this.redraw() });
    this.panel = new Panel({
      goTo: (rank) => this.goTo(rank), clear: () => this.clear(), redraw: () => this.redraw(),
      hide: (hidden) => { this.look = { ...this.look, hidden }; this.redraw(); },
    });
    this.legend = new Legend((only) => this.filter(only), () => void this.colourBy(null));
    this.minimap = new Minimap((x, y) => this.move({ ...this.camera, x, y }));
    this.search = new Search({
      find: (q, signal) => this.atlas!.find(q, signal), facets: async () => this.facets, goTo: (rank) => this.goTo(rank),
      colourBy: (key, only) => void this.colourBy(key, only ?? null),
      thumb: (canvas, rank) => this.thumb(canvas, rank),
    });
    this.renderer = this.makeRenderer(wantsWebgl());
    this.reveal.onclick = () => { this.shown = true; this.dress(); };
    const corner = element('div', { class: 'corner' }, this.minimap.box, this.legend.box);
    this.stage.append(this.renderer.canvas, this.overlay);
    const middle = element('div', { class: 'middle' }, this.stage, this.note, this.reveal, corner, this.card.box, this.search.box, this.live);
    this.box = element('div', { class: 'map' }, this.bar.box, element('div', { class: 'below' }, middle, this.panel.box));
    root.append(this.box);
    this.observer.observe(this.stage);
    const { signal } = this.listening;
    this.pointing = new Pointing(this.stage, this.pointed(), signal);
    this.stage.addEventListener('keydown', (event) => this.keydown(event), { signal });
    document.addEventListener('keydown', (event) => this.slash(event), { signal });
    addEventListener('popstate', () => this.follow(), { signal });
    document.addEventListener('fullscreenchange', () => this.redraw(), { signal });
  }
  dispose(): void {
    this.listening.abort();
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
    for (const timer of [this.resting, this.saving]) clearTimeout(timer);
    this.remember();
    this.card.dispose();
    this.panel.dispose();
    this.renderer.dispose();
    this.atlas?.close(this);
    this.box.remove();
  }

  // --- what Python says

  /** New data from Python, or a new theme: the same instance goes on. */
  async update(data: Data): Promise<void> {
    const before = this.data;
    this.data = data;
    if (data.blurred !== before?.blurred) this.shown = false;
    this.dress();
    if (data.mark?.image !== before?.mark?.image) this.setMark(data.mark?.image ?? null);
    const names = ['world', 'version', 'ranks', 'thumb', 'key'] as const;
    const fresh = !before || names.some((name) => data[name] !== before[name]) || data.layouts.join() !== before.layouts.join();
    if (fresh) await this.open(data, before);
    this.redraw();
  }
  private async open(data: Data, before: Data | null): Promise<void> {
    const atlas = Atlas.open(data.world, data.version, this), another = atlas !== this.atlas;
    if (this.atlas && another) this.atlas.close(this);
    if (another) { this.layout = this.scene = null; this.index = null; }
    this.atlas = atlas;
    let ranks: Int32Array<ArrayBuffer> | null;
    try {
      [ranks] = await Promise.all([data.ranks ? fetchRanks(data.ranks) : null, atlas.loaded]);
    } catch {
      return this.fail(data);
    }
    if (this.listening.signal.aborted) return atlas.close(this);
    if (this.data !== data && (this.data!.ranks !== data.ranks || this.data!.version !== data.version)) return;
    const seen = this.seen(before), from = this.layout && this.standNow();
    const old = this.index;
    this.all = ranks ?? Int32Array.from({ length: atlas.n }, (_, rank) => rank);
    this.index = new Int32Array(atlas.n).fill(-1);
    this.all.forEach((rank, i) => { this.index![rank] = i; });
    this.note.hidden = this.all.length > 0;
    this.note.textContent = 'No photo matches.';
    this.hovered = -1;
    if (another) { this.lassoed = null; this.only = null; }
    const asked = data.layouts.find((name) => name === seen?.layout);
    this.arrange(asked ?? (before && this.layout && data.layouts.includes(this.layout.name) ? this.layout.name : data.layouts[0]!));
    if (this.layout) this.camera = (seen?.view && absolute(this.layout, this.view, seen.view)) ?? this.recalled() ?? homeOf(this.layout, this.view);
    if (from && old && this.layout && !another) this.depart(from, old);
    await this.meet(seen);
  }
  private fail(data: Data): void {
    this.note.hidden = false;
    this.note.replaceChildren('The photos could not be fetched. ', element('button', {}, 'Try again'));
    (this.note.lastChild as HTMLElement).onclick = () => { this.atlas = null; void this.open(data, null).then(() => this.redraw()); };
  }
  /** The address says what to see where this map is new on its page. */
  private seen(before: Data | null): Seen | null {
    return this.data!.linked && (!before || before.world === this.data!.world) && !this.layout ? (this.came ??= readLink(arrivedWith())) : null;
  }
  /** What an address asks for beside layout and view: colours, filter, and the photo, which may have to be found. */
  private async meet(seen: Seen | null): Promise<void> {
    const { atlas, data } = this;
    if (!data!.tools && !seen?.photo) return;
    if (seen?.photo) {
      const [found] = await atlas!.find(seen.photo).catch(() => []);
      if (found && found.id === seen.photo && this.atlas === atlas) {
        this.select(found.rank - (atlas!.row[found.rank] === found.row ? 0 : 1));
        const i = this.selected;
        if (i >= 0 && !seen.view) this.bringIntoView(i, true);
      }
    }
    if (!data!.tools) return;
    this.facets = await atlas!.facets().catch(() => []);
    if (this.atlas !== atlas) return;
    this.bar.offerColours(this.facets, this.facet?.key ?? null);
    const cluster = this.facets.find(({ key }) => key === 'cluster'), facet = this.facets.find(({ key }) => key === seen?.colour);
    if (cluster && data!.layouts.some((name) => name === 'tsne' || name === 'snapped')) {
      const values = await atlas!.values('cluster').catch(() => null);
      if (values && this.atlas === atlas) this.clusters = { facet: cluster, values };
      this.name();
    }
    if (facet) await this.colourBy(facet.key, seen?.only ? textToOnly(facet, seen.only) : null);
    this.redraw();
  }
  /** Back and forward within the page. */
  private follow(): void {
    if (!this.layout || !this.data?.linked || location.pathname !== this.home) return;
    const seen = readLink(location.search);
    const name = this.data.layouts.find((each) => each === seen.layout);
    if (name && name !== this.layout.name) this.change(name);
    if (seen.view) this.move(absolute(this.layout, this.view, seen.view), true);
    if (!seen.photo) this.select(-1);
    void this.meet({ ...seen, colour: seen.colour === this.facet?.key ? null : seen.colour });
  }
  private dress(): void {
    const { data } = this, style = getComputedStyle(this.box), blurred = Boolean(data!.blurred && !this.shown);
    const say = (name: string, otherwise: string) => style.getPropertyValue(name).trim() || otherwise;
    this.box.style.setProperty('--height', `${data!.height}px`);
    this.stage.setAttribute('aria-label', data!.label);
    this.theme = {
      paper: say('--st-background-color', '#fff'), ink: say('--st-text-color', '#222'),
      accent: say('--st-primary-color', '#d6336c'), font: say('--st-font', 'sans-serif'),
    };
    this.context.fillStyle = this.theme.paper;
    const [r, g, b] = this.context.fillStyle.match(/[0-9a-f]{2}/gi)!.map((pair) => parseInt(pair, 16));
    this.paper = (0xff000000 | (b! << 16) | (g! << 8) | r!) >>> 0;
    this.box.classList.toggle('blurred', blurred);
    this.box.classList.toggle('bare', !data!.tools && data!.layouts.length < 2);
    this.reveal.hidden = !blurred;
    this.bar.offer(data!.layouts, this.layout?.name ?? data!.layouts[0]!, data!.tools);
    this.redraw();
  }
  private setMark(source: string | null): void {
    this.mark = null;
    if (!source) return;
    const image = new Image();
    image.onload = () => { this.mark = image; this.redraw(); };
    image.src = source;
  }

  // --- where photos stand

  private arrange(name: LayoutName): void {
    const { data, atlas, view: { width, height } } = this;
    if (!width || !atlas?.n) return;
    const thumb = name === 'gallery' || name === 'named' ? data!.thumb ?? 112 : null;
    this.layout = layoutOf(name, this.all, atlas, { width, height, thumb, captions: name === 'named' });
    this.bar.offer(data!.layouts, name, data!.tools);
    this.name();
  }
  /** Names the clusters where there are some; a view of another size has the same names. */
  private name(): void {
    const { layout, clusters, all } = this, key = [layout?.name, clusters, all];
    if (key.every((part, i) => part === this.named[i])) return;
    this.named = key;
    this.names = layout && clusters && (layout.name === 'tsne' || layout.name === 'snapped') ? namesOf(layout, clusters.values, clusters.facet) : [];
  }
  /** The visitor wants another layout: photos fly there. */
  private change(name: LayoutName): void {
    if (!this.layout || name === this.layout.name) return;
    const from = this.standNow(), { index } = this;
    this.remember();
    this.flight = null;
    this.hovered = -1;
    this.arrange(name);
    this.camera = this.recalled() ?? homeOf(this.layout, this.view);
    this.depart(from, index!);
    if (this.selected >= 0) this.bringIntoView(this.selected, true);
    this.save();
  }
  /** Where each photo is seen at this moment, also in the middle of a passage. */
  private standNow(): Stand {
    const now = onScreen(this.layout!, this.camera, this.view);
    if (!this.passage) return now;
    const t = this.progress(performance.now()), { from } = this.passage;
    const mix = (a: Float32Array, b: Float32Array) => b.map((v, i) => a[i]! + (v - a[i]!) * t);
    return { ...now, x: mix(from.x, now.x), y: mix(from.y, now.y), size: from.size + (now.size - from.size) * t };
  }
  /** Begins a passage from where photos were seen; `index` says which rank was at which place then. */
  private depart(from: Stand, index: Int32Array): void {
    if (calm()) return;
    const to = onScreen(this.layout!, this.camera, this.view);
    const along = (then: Float32Array, now: Float32Array) => now.map((v, i) => {
      const was = then[index[this.all[i]!]!];
      return was === undefined || Number.isNaN(was) ? v : was;
    });
    this.passage = {
      from: { ...from, x: along(from.x, to.x), y: along(from.y, to.y) }, start: performance.now(),
      families: [this.layout!.family, this.layout!.family === 'map' ? 'rank' : 'map'],
    };
    this.redraw();
  }
  private progress(now: number): number { return this.passage ? eased(clamp((now - this.passage.start) / PASSAGE, 0, 1)) : 1; }

  private resize(): void {
    const { width, height } = this.stage.getBoundingClientRect(), dpr = Math.min(devicePixelRatio || 1, 2.5);
    if (!width || !height || (width === this.view.width && height === this.view.height && dpr === this.view.dpr)) return;
    const met = this.layout && sameView(this.camera, homeOf(this.layout, this.view)), seen = this.layout && relative(this.layout, this.camera);
    const first = !this.layout && this.atlas?.n && this.all.length;
    this.view = { width, height, dpr };
    Object.assign(this.overlay, { width: Math.round(width * dpr), height: Math.round(height * dpr) });
    if (this.layout) {
      this.passage = this.flight = null;
      this.arrange(this.layout.name);
      this.camera = met ? homeOf(this.layout, this.view) : absolute(this.layout, this.view, seen!);
      this.hovered = -1;
    } else if (first) void this.open(this.data!, null);
    this.draw(performance.now()); // at once: setting a canvas's size has blanked it
  }

  // --- memory and address

  private get memory(): string { return `deepselfie:view:${this.data!.world}:${this.layout!.name}:${this.data!.key}`; }
  private recalled(): Camera | null {
    const { n, version, view } = JSON.parse(sessionStorage.getItem(this.memory) ?? '{}');
    return n === this.all.length && version === this.data!.version ? absolute(this.layout!, this.view, view) : null;
  }
  private remember(): void {
    if (!this.layout) return;
    const kept = { n: this.all.length, version: this.data!.version, view: relative(this.layout, this.camera) };
    sessionStorage.setItem(this.memory, JSON.stringify(kept));
  }
  private save(): void {
    clearTimeout(this.saving);
    this.saving = setTimeout(() => void this.saveNow(), 250);
  }
  private async saveNow(): Promise<void> {
    const { layout, atlas, data, facet, only, chosen } = this;
    if (!layout || !data || this.flight) return;
    this.remember();
    if (!data.linked) return;
    const id = chosen >= 0 ? (await atlas!.photo(chosen)).id ?? null : null;
    if (chosen !== this.chosen || location.pathname !== this.home || this.listening.signal.aborted) return;
    const view = relative(layout, this.camera), met = sameView(this.camera, homeOf(layout, this.view));
    const seen: Seen = {
      layout: layout.name === data.layouts[0] ? null : layout.name, view: met ? null : view, photo: id,
      colour: facet?.key ?? null, only: facet && only ? onlyToText(facet, only) : null,
    };
    const query = writeLink(location.search, seen);
    if (query !== location.search) history.replaceState(history.state, '', location.pathname + query + location.hash);
  }

  // --- the camera

  private move(camera: Camera, animated = false): void {
    const { layout } = this;
    if (!layout) return;
    const target = bounded(layout, this.view, camera);
    this.flight = animated && !calm() ? { from: this.camera, to: target, start: performance.now() } : null;
    if (!this.flight) this.camera = target;
    this.movedAt = performance.now();
    this.stage.toggleAttribute('data-moving', true);
    this.save();
    this.redraw();
  }
  private fly(now: number): void {
    const { from, to, start } = this.flight!, t = clamp((now - start) / FLIGHT, 0, 1);
    this.camera = between(from, to, eased(t));
    this.movedAt = performance.now();
    if (t < 1) return this.redraw();
    this.camera = to;
    this.flight = null;
    this.save();
  }
  private zoom(factor: number, at: Point = [this.view.width / 2, this.view.height / 2], animated = true): void {
    if (this.layout) this.move(zoomed(this.layout, this.view, this.flight?.to ?? this.camera, factor, ...at), animated);
  }
  private fit(): void { if (this.layout) this.move(homeOf(this.layout, this.view), true); }
  private full(): void { void (document.fullscreenElement ? document.exitFullscreen() : this.box.requestFullscreen()); }
  private bringIntoView(i: number, near = false): void {
    const { layout, view, camera } = this, x = layout!.x[i]!, y = layout!.y[i]!;
    if (!(x === x)) return;
    const [px, py] = toScreen(camera, view, [x, y]), edge = sizeAt(layout!, camera.k) / 2;
    const inside = px > edge && py > edge && px < view.width - edge && py < view.height - edge;
    if (!inside) this.move({ x, y, k: camera.k }, !near);
  }
  /** Selects a photo and, where it is on this map, flies to it, so near that it can be seen well. */
  private goTo(rank: number): void {
    this.select(rank);
    const i = this.selected, { layout } = this;
    if (i < 0 || !(layout!.x[i]! === layout!.x[i]!)) return;
    this.move({ x: layout!.x[i]!, y: layout!.y[i]!, k: Math.max(this.camera.k, zoomFor(layout!, 48)) }, true);
  }

  // --- choosing

  /** The place of the pinned photo, -1 for none: it may be of a photo that is not on this map. */
  private get selected(): number { return this.chosen < 0 || !this.index ? -1 : this.index[this.chosen]!; }
  private select(rank: number): void {
    if (rank === this.chosen) return;
    this.chosen = rank;
    const { atlas } = this;
    this.live.textContent = rank < 0 ? 'No photo selected' : `Photo ${rank + 1} of ${atlas!.n}: `
      + `score ${Math.round(100 * atlas!.score[rank]!)} percent, better liked than ${atlas!.share(rank)} percent of these`;
    this.save();
    this.redraw();
  }
  private arm(armed: boolean): void {
    this.armed = armed;
    this.bar.armLasso(armed);
    this.stage.classList.toggle('armed', armed);
  }
  private lasso(outline: Point[], done: boolean): void {
    this.outline = done ? [] : outline;
    this.hovered = -1;
    if (done) this.arm(false);
    if (done && outline.length) {
      const inside = enclosed(outline, { x: this.layout!.x, y: this.layout!.y, camera: this.camera, size: 0 }, this.view), mask = new Uint8Array(this.atlas!.n);
      this.all.forEach((rank, i) => { mask[rank] = inside[i]!; });
      this.lassoed = mask.includes(1) ? mask : null;
      this.sift();
    }
    this.redraw();
  }
  private clear(): void {
    this.lassoed = this.only = null;
    this.look = { ...this.look, hidden: false };
    this.sift();
  }
  private filter(only: Only | null): void {
    this.only = only;
    this.sift();
    this.save();
  }
  /** What is selected, by lasso and by filter: all else is greyed, and the panel shows it. */
  private sift(): void {
    const { lassoed, only, values, facet, atlas } = this, passing = only && values ? passes(values, only) : null;
    if (!lassoed && !passing) {
      this.look = { ...this.look, dim: null };
      this.panel.show(atlas!, null, '');
    } else {
      const dim = new Uint8Array(atlas!.n);
      for (let rank = 0; rank < dim.length; rank++) if (lassoed?.[rank] === 0 || passing?.[rank] === 0) dim[rank] = 1;
      this.look = { ...this.look, dim };
      const titles = [lassoed ? 'In the lasso' : '', passing ? facet!.label : ''].filter(Boolean);
      this.panel.show(atlas!, this.all.filter((rank) => !dim[rank]), titles.join(', '));
    }
    this.legend.show(facet, values, only, this.all);
    this.redraw();
  }
  private async colourBy(key: string | null, only: Only | null = null): Promise<void> {
    const { atlas } = this, facet = this.facets.find((each) => each.key === key) ?? null;
    const values = facet && (await atlas!.values(facet.key).catch(() => null));
    if (this.atlas !== atlas) return;
    Object.assign(this, { facet: values ? facet : null, values, only: values ? only : null });
    this.look = { ...this.look, colour: facet && values ? paint(facet, values) : null };
    this.bar.offerColours(this.facets, this.facet?.key ?? null);
    this.sift();
    this.save();
  }

  // --- drawing

  private makeRenderer(webgl: boolean): Renderer {
    const made = webgl ? new WebglRenderer(() => this.redraw(), () => this.replaceRenderer()) : new CanvasRenderer(() => this.redraw());
    made.canvas.className = 'photos';
    this.stage.dataset.renderer = made.kind;
    return made;
  }
  /** WebGL has failed or is slow here. */
  private replaceRenderer(): void {
    if (this.renderer.kind === 'canvas') return;
    const old = this.renderer;
    this.renderer = this.makeRenderer(false);
    old.canvas.replaceWith(this.renderer.canvas);
    old.dispose();
    this.redraw();
  }
  redraw(): void {
    if (this.listening.signal.aborted) return; // an answer that came after the end
    this.frame ||= requestAnimationFrame((now) => {
      this.frame = 0;
      if (this.flight) this.fly(now);
      this.draw(now);
    });
  }
  private makeScene(now: number): Scene {
    const { layout, camera, view, look, passage } = this, families: Family[] = passage?.families ?? [layout!.family];
    const resting = performance.now() - this.movedAt > REST && !this.flight;
    const common = { atlas: this.atlas!, ranks: this.all, look, paper: this.paper, view, families };
    if (passage) {
      const to = onScreen(layout!, camera, view), t = this.progress(now), size = passage.from.size + (to.size - passage.from.size) * t;
      const everywhere = { ...view, width: Infinity, height: Infinity };
      const list = inView(layout!, camera, everywhere, look, null).filter((i) => passage.from.x[i]! === passage.from.x[i]!);
      return { ...common, from: passage.from, to, t, list, level: levelFor(this.atlas!, Math.min(size * view.dpr, 44)), still: false };
    }
    const from = { x: layout!.x, y: layout!.y, camera, size: sizeAt(layout!, camera.k) };
    const level = levelFor(this.atlas!, from.size * view.dpr);
    return { ...common, from, to: null, t: 0, list: this.list(), level, still: resting };
  }
  /** The photos in view; the same array while nothing has changed. */
  private list(): Uint32Array {
    const { layout, camera, view, look, kept } = this, key = [layout, camera.x, camera.y, camera.k, view, look];
    if (this.listed && key.every((part, i) => part === this.listed!.key[i])) return this.listed.list;
    if (kept?.layout !== layout || kept?.k !== camera.k || kept?.look !== look)
      this.kept = { layout: layout!, k: camera.k, look, list: thinned(layout!, camera.k, look) };
    this.listed = { key, list: inView(layout!, camera, view, look, this.kept!.list) };
    return this.listed.list;
  }
  private draw(now: number): void {
    const { layout, atlas, view, context, data } = this;
    if (!view.width || !data) return;
    const began = performance.now();
    context.setTransform(view.dpr, 0, 0, view.dpr, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    if (!layout || !atlas?.n) return;
    const scene = (this.scene = this.makeScene(now)), tiny = atlas.unpackTiny();
    const pages = this.renderer.draw(scene);
    const pictures = drawPictures(context, scene);
    if (layout.name === 'named' && data.captions && !scene.to) drawCaptions(context, scene, data.captions, this.theme);
    if (!scene.to && this.names.length && sideOf(scene) < 40) drawNames(context, this.names, this.camera, view, this.theme);
    this.drawChosen(scene, pages);
    if (this.outline.length) drawOutline(context, this.outline, { accent: this.theme.accent });
    if (data.tools) this.minimap.paint(atlas, layout, this.camera, view, this.look);
    const others = [...this.card.paint(), ...this.panel.paint()];
    if (this.search.isOpen) this.search.repaint();
    atlas.pages.want(this, [...new Set([...tiny, ...others, ...this.thumbs, ...pages])]);
    atlas.pictures.want(this, pictures);
    this.thumbs.clear();
    this.after(scene, tiny.length, performance.now() - began);
  }
  private after(scene: Scene, missing: number, took: number): void {
    const { camera, stage, layout } = this;
    Object.assign(stage.dataset, {
      view: [camera.x, camera.y, camera.k].join(), columns: layout!.columns || '', layout: layout!.name, frame: took.toFixed(1),
      level: scene.level, drawn: scene.list.length,
    });
    once('imagemap:dots');
    if (!missing) once('imagemap:thumbnails');
    if (this.passage && scene.t >= 1) this.passage = null;
    if (this.passage || this.flight) this.redraw();
    stage.toggleAttribute('data-moving', Boolean(this.passage || this.flight || !scene.still));
    if (this.renderer.kind === 'webgl' && !scene.still && this.watch.slow(took)) this.replaceRenderer();
    clearTimeout(this.resting);
    if (!scene.still || this.passage) this.resting = setTimeout(() => this.redraw(), REST + 10);
  }
  /** Rings around the hovered, the pinned and those alike; the photo of one's own; the card beside its photo. */
  private drawChosen(scene: Scene, pages: Set<string>): void {
    const { layout, card, atlas, data, selected, chosen, context, theme } = this, overlapping = !layout!.columns;
    const shown = chosen >= 0 ? selected : this.hovered;
    card.show(atlas!, chosen >= 0 ? chosen : this.all[shown] ?? -1, chosen >= 0);
    if (scene.to) return;
    const alike = [...card.neighbours, ...(data!.mark?.neighbours ?? [])].map((rank) => this.index![rank]!);
    for (const [i, line] of [...alike.map((j) => [j, 2] as const), [this.hovered, 3] as const, [selected, 4] as const]) {
      if (!(i >= 0) || !(layout!.x[i]! === layout!.x[i]!)) continue;
      const side = drawRinged(context, scene, i, overlapping ? (line === 2 ? 16 : 28) : 8, line, theme, pages);
      if (i === shown) card.stand(...middleOf(scene, i), side, this.view.width, this.view.height);
    }
    if (this.mark && data!.mark) drawMark(context, scene, layout!, data!.mark, this.mark, theme);
  }
  /** A thumbnail for the search's list; its page is fetched if need be. */
  private readonly thumbs = new Set<string>();
  private thumb(canvas: HTMLCanvasElement, rank: number): void {
    for (const name of paintThumb(this.atlas!, canvas, rank)) this.thumbs.add(name);
    if (this.thumbs.size) this.redraw();
  }

  // --- pointers and keys

  private get open_(): boolean { return Boolean(this.layout && this.scene && !this.box.classList.contains('blurred')); }
  private pointed() {
    return {
      ready: () => this.open_,
      lassoArmed: () => this.armed,
      pan: (dx: number, dy: number) => this.move({ x: this.camera.x - dx / this.camera.k, y: this.camera.y - dy / this.camera.k, k: this.camera.k }),
      zoom: (factor: number, at: Point, animated: boolean) => this.zoom(factor, at, animated),
      wheel: (amount: number, at: Point, zooming: boolean) => this.wheel(amount, at, zooming),
      hover: (at: Point | null) => this.hover(at && !this.scene?.to ? under(this.scene!, ...at, 4) : -1),
      click: (at: Point, reach: number) => {
        const rank = this.all[under(this.scene!, ...at, reach)] ?? -1;
        this.select(rank === this.chosen ? -1 : rank);
      },
      lasso: (outline: Point[], done: boolean) => this.lasso(outline, done),
    };
  }
  private hover(i: number): void {
    if (i === this.hovered) return;
    this.hovered = i;
    this.stage.style.cursor = i < 0 ? '' : 'pointer';
    this.redraw();
  }
  /** Zooms at the pointer. A gallery is scrolled like the page it is on, until it has been clicked or Ctrl is held;
   *  and what can move no farther leaves the wheel to the page. */
  private wheel(amount: number, at: Point, zooming: boolean): boolean {
    const before = { ...this.camera };
    if (zooming || !this.layout!.top || this.stage.matches(':focus')) this.zoom(Math.exp(-amount * 0.0018), at, false);
    else this.move({ ...before, y: before.y + amount / before.k });
    return zooming || Math.abs(this.camera.k / before.k - 1) > 1e-9 || Math.abs(this.camera.y - before.y) > 1e-9;
  }
  private keydown(event: KeyboardEvent): void {
    const arrows: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const acts: Record<string, () => void> = {
      '+': () => this.zoom(1.8), '=': () => this.zoom(1.8), '-': () => this.zoom(1 / 1.8), '0': () => this.fit(), Escape: () => this.escape(),
    };
    const arrow = arrows[event.key], act = arrow ? () => this.walk(...arrow) : acts[event.key];
    if (!act || !this.open_ || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }
  private escape(): void {
    if (this.pointing.cancel()) return;
    if (this.armed) return this.arm(false);
    if (this.chosen >= 0) return this.select(-1);
    if (this.look.dim) this.clear();
  }
  private slash(event: KeyboardEvent): void {
    const at = event.composedPath()[0] as HTMLElement, typing = at.matches?.('input, textarea, select, [contenteditable]');
    if (event.key !== '/' || typing || !this.data?.tools || !this.layout) return;
    event.preventDefault();
    this.search.open();
  }
  private walk(dx: number, dy: number): void {
    if (!this.all.length) return;
    const middle = Math.max(0, under(this.scene!, this.view.width / 2, this.view.height / 2, Infinity));
    const i = this.selected >= 0 ? step(this.layout!, this.selected, dx, dy) : middle;
    this.select(this.all[i]!);
    this.bringIntoView(i);
  }
}

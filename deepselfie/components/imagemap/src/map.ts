// The image map: one instance draws the photos of one world, listens, and keeps what is seen in the address.
// In: the JSON that image_map() of __init__.py sends; the atlas, pictures and facts under /ds/.

import { Atlas, fetchRanks } from './atlas';
import { Bar } from './bar';
import { Card, paintThumb } from './card';
import { Choice } from './choice';
import { textToOnly, type Only } from './colours';
import { element } from './dom';
import { Eye, REST } from './eye';
import { drawOutline, enclosed } from './lasso';
import { hasPlace, layoutOf, step } from './layouts';
import { Legend } from './legend';
import type { Seen } from './link';
import { Memory, type Now } from './memory';
import { Minimap } from './minimap';
import { ClusterNames, drawNames } from './names';
import { drawCaptions, drawMark, drawPictures, drawRinged, themeOf, type Theme } from './overlay';
import { Panel } from './panel';
import { Pointing, type Point, type Pointed } from './pointing';
import { middleOf, sideOf, standOf, under, type Scene } from './scene';
import { Search } from './search';
import { Surface } from './surface';
import type { Data, Facet, LayoutName } from './types';

const NAMED_UP_TO = 40; // px: over larger photos the names of clusters would only be in the way
const LATER = 100; // ms after a selection
const marked = new Set<string>();
const mark = (name: string): void => { if (!marked.has(name)) { marked.add(name); performance.mark(name); } };

export class ImageMap {
  private readonly stage = element('div', { class: 'stage', tabindex: 0, role: 'application', 'aria-roledescription': 'image map' });
  private readonly free = element('div', { class: 'free' }); // lies over the stage, beside the panel
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
  private readonly eye = new Eye(() => this.moved());
  private readonly choice = new Choice(() => this.chose());
  private readonly listening = new AbortController();
  private readonly observer = new ResizeObserver(() => this.resize());
  private readonly memory = new Memory(() => this.seenNow());
  private readonly surface = new Surface(this.stage, () => this.redraw());
  private readonly names = new ClusterNames();

  private data: Data | null = null;
  private atlas: Atlas | null = null;
  private all = new Int32Array(); // the ranks shown
  private index: Int32Array | null = null; // rank -> place in `all`, -1 for none
  private scene: Scene | null = null;
  private theme: Theme;
  private paper = 0xffffffff;
  private mark: HTMLImageElement | null = null;
  private hovered = -1; // place in `all`
  private chosen = -1; // rank of the pinned photo
  private shown = false; // the visitor has asked to see what was blurred
  private armed = false;
  private outline: Point[] = [];
  private facets: Facet[] = [];
  private readonly thumbs = new Set<string>(); // pages that the search's list waits for

  private frame = 0;
  private telling: ReturnType<typeof setTimeout> | undefined; // the panel waits
  private resting: ReturnType<typeof setTimeout> | undefined;

  constructor(root: ShadowRoot) {
    const { eye, choice } = this, goTo = (rank: number): void => this.goTo(rank), redraw = (): void => this.redraw();
    this.bar = new Bar({
      layout: (name) => this.change(name), colour: (key) => void this.colourBy(key), lasso: () => this.arm(!this.armed),
      search: () => this.search.open(), zoom: (factor) => eye.zoom(factor, this.nearest), fit: () => eye.fit(), full: () => this.full(),
    });
    this.card = new Card({ goTo, letGo: () => this.select(-1), redraw });
    this.panel = new Panel({ goTo, clear: () => choice.clear(), hide: (hidden) => choice.hide(hidden), redraw });
    this.legend = new Legend((only) => choice.filter(only), () => void this.colourBy(null));
    this.minimap = new Minimap((x, y) => eye.move({ ...eye.camera, x, y }));
    this.search = new Search({
      find: (q, signal) => this.atlas!.find(q, signal), facets: async () => this.facets, goTo,
      colourBy: (key, only) => void this.colourBy(key, only), thumb: (canvas, rank) => this.thumb(canvas, rank),
    });
    this.reveal.onclick = () => { this.shown = true; this.dress(); };
    const corner = element('div', { class: 'corner' }, this.minimap.box, this.legend.box);
    this.free.append(this.note, this.reveal, corner, this.card.box, this.search.box, this.live);
    this.box = element('div', { class: 'map' }, this.bar.box, element('div', { class: 'below' }, this.stage, this.free, this.panel.box));
    root.append(this.box);
    this.theme = themeOf(this.box);
    for (const box of [this.stage, this.free]) this.observer.observe(box);
    const { signal } = this.listening;
    this.pointing = new Pointing(this.stage, this.pointed(), signal);
    document.addEventListener('keydown', (event) => this.slash(event), { signal });
    addEventListener('popstate', () => this.follow(), { signal });
    document.addEventListener('fullscreenchange', redraw, { signal });
  }
  dispose(): void {
    this.listening.abort();
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
    for (const waiting of [this.resting, this.telling]) clearTimeout(waiting);
    this.memory.dispose();
    this.search.close(); // it listens to the whole page
    this.card.dispose();
    this.panel.dispose();
    this.surface.dispose();
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
    const { eye } = this, atlas = Atlas.open(data.world, data.version, this), another = atlas !== this.atlas;
    if (this.atlas && another) this.atlas.close(this);
    if (another) { eye.layout = this.scene = this.index = null; }
    this.atlas = atlas;
    let ranks: Int32Array<ArrayBuffer> | null;
    try {
      [ranks] = await Promise.all([data.ranks ? fetchRanks(data.ranks) : null, atlas.loaded]);
    } catch {
      return this.fail(data);
    }
    if (this.listening.signal.aborted) return atlas.close(this);
    if (this.data !== data && (this.data!.ranks !== data.ranks || this.data!.version !== data.version)) return;
    if (another && before) this.forget();
    const seen = this.seen(before), from = eye.layout && eye.standNow(), old = this.index;
    this.all = ranks ?? new Int32Array(atlas.n).map((_, rank) => rank);
    this.index = new Int32Array(atlas.n).fill(-1);
    this.all.forEach((rank, i) => { this.index![rank] = i; });
    this.note.hidden = this.all.length > 0;
    this.note.textContent = 'No photo matches.';
    this.hovered = -1;
    this.meet(seen);
    if (from && old) eye.depart(from, (i) => old[this.all[i]!]);
    this.redraw(); // names and colours may come later
    await this.ask(seen);
  }
  /** All that was about the photos of another world. */
  private forget(): void {
    this.chosen = -1;
    this.facets = [];
    this.names.forget();
    this.choice.reset();
  }
  private fail(data: Data): void {
    this.note.hidden = false;
    this.note.replaceChildren('The photos could not be fetched. ', element('button', {}, 'Try again'));
    (this.note.lastChild as HTMLElement).onclick = () => { this.atlas = null; void this.open(data, null).then(() => this.redraw()); };
  }
  /** The address says what to see where this map is new on its page. */
  private seen(before: Data | null): Seen | null {
    const ours = this.data!.linked && (!before || before.world === this.data!.world) && !this.eye.layout;
    return ours ? this.memory.arrival() : null;
  }
  /** The layout and the view that an address asks for, else those of before, else the first one as it is met. */
  private meet(seen: Seen | null): void {
    const { layouts } = this.data!, now = this.eye.layout?.name;
    const name = layouts.find((each) => each === seen?.layout) ?? layouts.find((each) => each === now) ?? layouts[0]!;
    this.arrange(name, seen?.view ?? this.memory.recalled(this.data!, name, this.all.length));
  }
  /** What an address asks for beside: the photo, which has to be found, colours and filter. */
  private async ask(seen: Seen | null): Promise<void> {
    const atlas = this.atlas!, { tools, layouts } = this.data!;
    if (seen?.photo) {
      const [found] = await atlas.find(seen.photo).catch(() => []);
      if (found?.id === seen.photo && this.atlas === atlas) {
        this.select(found.rank);
        if (!seen.view) this.eye.bring(this.selected, false);
      }
    }
    if (!tools) return;
    const facets = await atlas.facets().catch(() => []);
    if (this.atlas !== atlas) return;
    this.facets = facets;
    this.bar.offerColours(facets, this.choice.facet?.key ?? null);
    const find = (key: string | null | undefined) => facets.find((facet) => facet.key === key), [cluster, facet] = [find('cluster'), find(seen?.colour)];
    if (cluster && (layouts.includes('tsne') || layouts.includes('snapped'))) {
      const values = await atlas.values('cluster').catch(() => null);
      if (values && this.atlas === atlas) this.names.learn(cluster, values);
    }
    if (facet) await this.colourBy(facet.key, seen?.only ? textToOnly(facet, seen.only) : null);
    this.redraw();
  }
  /** Back and forward within the page. */
  private follow(): void {
    const seen = this.memory.turned();
    if (!seen || !this.eye.layout || !this.data?.linked) return;
    const name = this.data.layouts.find((each) => each === seen.layout);
    if (name) this.change(name);
    if (seen.view) this.eye.goBack(seen.view);
    if (!seen.photo) this.select(-1);
    void this.ask({ ...seen, colour: seen.colour === this.choice.facet?.key ? null : seen.colour });
  }
  private dress(): void {
    const { data } = this, blurred = Boolean(data!.blurred && !this.shown);
    this.box.style.setProperty('--height', `${data!.height}px`);
    this.stage.setAttribute('aria-label', data!.label);
    this.theme = themeOf(this.box);
    const { context } = this.surface;
    context.fillStyle = this.theme.paper;
    const [r, g, b] = context.fillStyle.match(/[0-9a-f]{2}/gi)!.map((pair) => parseInt(pair, 16));
    this.paper = (0xff000000 | (b! << 16) | (g! << 8) | r!) >>> 0;
    this.box.classList.toggle('blurred', blurred);
    this.box.classList.toggle('bare', !data!.tools && data!.layouts.length < 2);
    this.reveal.hidden = !blurred;
    this.bar.offer(data!.layouts, this.eye.layout?.name ?? data!.layouts[0]!, data!.tools);
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

  /** Takes a layout, seen as shares of it say, or as it is met. */
  private arrange(name: LayoutName, shares: [number, number, number] | null): void {
    const { data, atlas, eye, eye: { view: { width, height } } } = this;
    if (!width || !atlas?.n) return;
    const thumb = name === 'gallery' || name === 'named' ? data!.thumb ?? 112 : null;
    const layout = layoutOf(name, this.all, atlas, { width, height, thumb, captions: name === 'named' });
    eye.look(layout, shares);
    this.bar.offer(data!.layouts, name, data!.tools);
  }
  /** The visitor wants another layout: photos fly there. */
  private change(name: LayoutName): void {
    const { eye } = this;
    if (!eye.layout || name === eye.layout.name) return;
    const from = eye.standNow();
    this.memory.remember();
    this.hovered = -1;
    this.arrange(name, this.memory.recalled(this.data!, name, this.all.length));
    eye.depart(from, (i) => i);
    eye.bring(this.selected, false);
    this.moved();
  }
  private resize(): void {
    const { width, height } = this.stage.getBoundingClientRect(), dpr = Math.min(devicePixelRatio || 1, 2.5), { eye } = this;
    const free = { width: this.free.offsetWidth, height: this.free.offsetHeight };
    if (!width || !height) return;
    if (width === eye.view.width && height === eye.view.height && dpr === eye.view.dpr) return eye.uncover(free);
    const { layout } = eye, shares = layout && !eye.atHome ? eye.shares : null;
    eye.view = { width, height, dpr, free };
    this.surface.resize(eye.view);
    this.stage.toggleAttribute('data-exact', dpr === devicePixelRatio);
    if (layout) {
      this.arrange(layout.name, shares);
      this.hovered = -1;
    } else if (this.index) this.meet(this.seen(this.data)); // the photos were there before there was room for them
    this.draw(performance.now()); // at once: setting a canvas's size has blanked it
  }
  private full(): void { void (document.fullscreenElement ? document.exitFullscreen() : this.box.requestFullscreen()); }

  private seenNow(): Now | null {
    const { data, atlas, all: { length: n }, eye, chosen, choice: { facet, only } } = this;
    if (!data || !atlas || !eye.layout) return null;
    const { layout: { name: layout }, shares, atHome, flying } = eye, id = async () => (await atlas.photo(chosen)).id ?? null;
    return { data, n, layout, shares, atHome, flying, chosen, id, facet, only };
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
    this.memory.save();
    this.redraw();
  }
  /** Selects a photo and, where it is on this map, flies to it. */
  private goTo(rank: number): void {
    this.select(rank);
    this.eye.goTo(this.selected);
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
      const { eye, atlas } = this, inside = enclosed(outline, standOf(eye.layout!, eye.camera), eye.view), mask = new Uint8Array(atlas!.n);
      for (let i = 0; i < inside.length; i++) mask[this.all[i]!] = inside[i]!;
      this.choice.lasso(mask);
      this.draw(performance.now()); // at once, while the frame of the outline is still on its way to the screen
    } else this.redraw();
  }
  private async colourBy(key: string | null, only: Only | null = null): Promise<void> {
    const { atlas } = this, facet = this.facets.find((each) => each.key === key) ?? null;
    const values = facet && (await atlas!.values(facet.key).catch(() => null));
    if (this.atlas !== atlas) return;
    this.choice.colour(facet, values, only);
    this.bar.offerColours(this.facets, this.choice.facet?.key ?? null);
  }
  /** What is not selected is greyed with the next frame; the panel that shows what is comes once that has been seen. */
  private chose(): void {
    const { facet, values, only } = this.choice;
    this.legend.show(facet, values, only, this.all);
    this.memory.save();
    this.redraw();
    clearTimeout(this.telling);
    this.telling = setTimeout(() => this.tell(), LATER);
  }
  private tell(): void {
    const { look: { dim }, title } = this.choice;
    this.panel.show(this.atlas!, dim && this.all.filter((rank) => !dim[rank]), title);
  }

  // --- drawing

  private moved(): void {
    this.stage.toggleAttribute('data-moving', true);
    this.memory.save();
    this.redraw();
  }
  redraw(): void {
    if (this.listening.signal.aborted) return; // an answer that came after the end
    this.frame ||= requestAnimationFrame((now) => {
      this.frame = 0;
      if (this.eye.fly(now)) this.redraw();
      this.draw(now);
    });
  }
  private draw(now: number): void {
    const { atlas, data, surface: { context }, eye: { layout, camera, view } } = this;
    if (!view.width || !data) return;
    if (!layout || !atlas?.n) return this.surface.clear();
    const { all: ranks, choice: { look }, paper } = this, tiny = atlas.unpackTiny();
    const scene = (this.scene = this.eye.scene(now, { atlas, ranks, look, paper }));
    const pages = this.surface.draw(scene, now);
    const pictures = drawPictures(context, scene);
    if (layout.name === 'named' && data.captions && !scene.to) drawCaptions(context, scene, data.captions, this.theme);
    if (!scene.to && sideOf(scene) < NAMED_UP_TO) drawNames(context, this.names.of(layout), camera, view, this.theme);
    this.drawChosen(scene, pages);
    if (this.outline.length) drawOutline(context, this.outline, { accent: this.theme.accent });
    if (data.tools) this.minimap.paint(atlas, layout, camera, view, scene.look);
    if (this.search.isOpen) this.search.repaint();
    else this.thumbs.clear();
    const others = [...this.card.paint(), ...this.panel.paint()];
    atlas.pages.want(this, [...new Set([...tiny, ...others, ...this.thumbs, ...pages])]);
    atlas.pictures.want(this, pictures);
    this.after(scene, tiny.length);
  }
  private after(scene: Scene, missing: number): void {
    const { stage, eye, eye: { camera, layout } } = this;
    Object.assign(stage.dataset, { view: [camera.x, camera.y, camera.k].join(), columns: layout!.columns || '', layout: layout!.name });
    mark('imagemap:dots');
    if (missing < this.atlas!.tinyPages) mark('imagemap:thumbnails');
    if (!missing) {
      mark('imagemap:all');
      this.surface.settle();
    }
    if (scene.t >= 1) eye.passage = null;
    if (eye.passage) this.redraw();
    stage.toggleAttribute('data-selected', scene.look.dim !== null);
    stage.toggleAttribute('data-moving', Boolean(eye.passage || eye.flying || !scene.still));
    clearTimeout(this.resting);
    if (!scene.still) this.resting = setTimeout(() => this.redraw(), REST + 10);
  }
  /** Rings around the hovered, the pinned and those alike; the photo of one's own; the card beside its photo. */
  private drawChosen(scene: Scene, pages: Set<string>): void {
    const { card, atlas, data, selected, chosen, surface: { context }, theme, eye: { view } } = this, layout = this.eye.layout!;
    const shown = chosen >= 0 ? selected : this.hovered, overlapping = !layout.columns;
    card.show(atlas!, chosen >= 0 ? chosen : this.all[shown] ?? -1, chosen >= 0);
    if (scene.to) return;
    const alike = [...card.neighbours, ...(data!.mark?.neighbours ?? [])].map((rank) => this.index![rank]!);
    for (const [i, line] of [...alike.map((j) => [j, 2] as const), [this.hovered, 3] as const, [selected, 4] as const]) {
      if (!hasPlace(layout, i)) continue;
      const side = drawRinged(context, scene, i, overlapping ? (line === 2 ? 16 : 28) : 8, line, theme, pages);
      if (i === shown) card.stand(...middleOf(scene, i), side, view.free.width, view.free.height);
    }
    if (this.mark && data!.mark) drawMark(context, scene, layout, data!.mark, this.mark, theme);
  }
  /** A thumbnail for the search's list; a page that it lacks is fetched with the next frame. */
  private thumb(canvas: HTMLCanvasElement, rank: number): void {
    for (const name of paintThumb(this.atlas!, canvas, rank)) {
      if (this.thumbs.has(name)) continue;
      this.thumbs.add(name);
      this.redraw();
    }
  }

  // --- pointers and keys

  private pointed(): Pointed {
    const { eye } = this;
    return {
      ready: () => Boolean(eye.layout && this.scene && !this.box.classList.contains('blurred')),
      lassoArmed: () => this.armed,
      pan: (dx, dy) => eye.pan(dx, dy),
      zoom: (factor, at, animated) => eye.zoom(factor, at ?? this.nearest, animated),
      wheel: (amount, at, zooming) => this.wheel(amount, at, zooming),
      hover: (at) => this.hover(at && !this.scene?.to ? under(this.scene!, ...at, 4) : -1),
      click: (at, reach) => {
        const rank = this.all[under(this.scene!, ...at, reach)] ?? -1;
        this.select(rank === this.chosen ? -1 : rank);
      },
      lasso: (outline, done) => this.lasso(outline, done),
      walk: (dx, dy) => this.walk(dx, dy),
      fit: () => eye.fit(),
      escape: () => this.escape(),
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
    const { eye } = this, before = eye.camera;
    if (zooming || !eye.layout!.top || this.stage.matches(':focus')) eye.zoom(Math.exp(-amount * 0.0018), at, false);
    else eye.pan(0, -amount);
    return zooming || Math.abs(eye.camera.k / before.k - 1) > 1e-9 || Math.abs(eye.camera.y - before.y) > 1e-9;
  }
  /** Where to zoom without a pointer: the middle, or on a map the photo nearest to it, for the middle may be empty. */
  private get nearest(): Point {
    const { scene, eye, eye: { middle } } = this, i = scene && !eye.layout?.columns ? under(scene, ...middle, Infinity) : -1;
    return i < 0 ? middle : middleOf(scene!, i);
  }
  private escape(): void {
    if (this.pointing.cancel()) return;
    if (this.armed) return this.arm(false);
    if (this.chosen >= 0) return this.select(-1);
    if (this.choice.look.dim) this.choice.clear();
  }
  private slash(event: KeyboardEvent): void {
    const at = event.composedPath()[0] as HTMLElement, typing = at.matches?.('input, textarea, select, [contenteditable]');
    if (event.key !== '/' || typing || !this.data?.tools || !this.eye.layout) return;
    event.preventDefault();
    this.search.open();
  }
  private walk(dx: number, dy: number): void {
    if (!this.all.length) return;
    const { eye } = this, middle = Math.max(0, under(this.scene!, ...eye.middle, Infinity));
    const i = this.selected >= 0 ? step(eye.layout!, this.selected, dx, dy) : middle;
    this.select(this.all[i]!);
    eye.bring(i);
  }
}

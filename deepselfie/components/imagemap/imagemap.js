// The image map: draws many photos on a canvas and tells Python which one is selected.
// In: the JSON that image_map() of __init__.py sends; the atlas, pictures and facts under /ds/. Here the map draws and
// listens; atlas.js knows the photos of a world, layouts.js where each stands, card.js shows one by itself.
// Lengths are CSS px unless named otherwise; y points down.

import { Atlas, fetchRanks } from './atlas.js';
import { Card } from './card.js';
import { clamp, element } from './dom.js';
import { Grid, Scatter } from './layouts.js';

const maps = new WeakMap(); // parentElement (a ShadowRoot) -> ImageMap: Streamlit calls again at every change of data

export default function (component) {
  const root = component.parentElement;
  if (!maps.has(root)) maps.set(root, new ImageMap(root));
  maps.get(root).update(component);
  return () => { maps.get(root)?.dispose(); maps.delete(root); };
}

const NEAR = 80; // px: from this size on, a photo is fetched by itself
const FLIGHT = 300; // ms
const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

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
    Object.assign(this, { hovered: -1, chosen: -1, pointers: new Map(), sent: [], camera: null, width: 0, height: 0 });
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
    this.hovered = this.chosen = -1;
    this.arrange();
    if (this.layout) this.camera = this.saved() ?? this.homeView();
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
    this.chosen = this.atlas.rankOf.get(row) ?? -1;
    if (this.chosen >= 0) this.announce();
    if (this.selected >= 0) this.bringIntoView(this.selected, fresh);
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
  /** The place of the selected photo, -1 for none: `chosen`, its rank, may be of a photo that is not on this map. */
  get selected() { return this.indexOf(this.chosen); }
  indexOf(rank) {
    if (rank < 0 || !this.layout) return -1;
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
    Object.assign(this, { width, height, dpr: Math.min(devicePixelRatio || 1, 2.5) });
    [this.canvas.width, this.canvas.height] = [Math.round(width * this.dpr), Math.round(height * this.dpr)];
    this.arrange();
    if (this.layout) {
      this.camera = view ? this.absolute(view) : this.saved() ?? this.homeView();
      this.hovered = -1;
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
  save() { this.saving ??= setTimeout(() => this.saveNow(), 200); }
  saveNow() {
    clearTimeout(this.saving);
    this.saving = null;
    if (!this.layout || !this.camera) return;
    const { layout: { ranks: { length: n } }, data: { version } } = this;
    sessionStorage.setItem(this.memory, JSON.stringify({ n, version, view: this.relative() }));
  }
  move(camera, animated = false) {
    const target = this.bounded(camera);
    this.flight = null;
    if (animated && !calm()) this.flight = { from: this.camera, to: target, start: performance.now() };
    else this.camera = target;
    this.canvas.toggleAttribute('data-moving', true);
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

  /** Chooses the photo of a rank, -1 for none, and tells Python, after `wait` ms. */
  select(rank, wait = 0) {
    if (rank === this.chosen) return;
    this.chosen = rank;
    if (rank >= 0) this.announce();
    else this.live.textContent = 'No photo selected';
    const row = rank < 0 ? null : this.atlas.row[rank];
    clearTimeout(this.telling);
    this.telling = setTimeout(() => { this.sent.push(row); this.pick(row); }, wait);
    this.redraw();
  }
  announce() {
    const { atlas, chosen: rank } = this;
    this.live.textContent = `Photo ${rank + 1} of ${atlas.n}: score ${Math.round(100 * atlas.score[rank])} percent, `
      + `better liked than ${atlas.share(rank)} percent of these`;
  }
  /** Selects a photo and, where it is on this map, flies to it, so near that it can be seen well. */
  goTo(rank) {
    const i = this.indexOf(rank);
    this.select(rank);
    if (i < 0) return;
    const [x, y] = this.layout.place(i);
    let { k } = this.camera;
    while (this.layout.size(k) < 48 && k < this.layout.most) k *= 1.1;
    this.move({ x, y, k }, true);
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
    if (!this.flight) this.canvas.removeAttribute('data-moving');
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
    const { context } = this, font = clamp(size * 0.115, 9, 20);
    context.font = `${font}px ${this.font}`;
    context.fillStyle = this.ink;
    context.textAlign = 'center';
    context.textBaseline = 'top';
    text.split('\n').forEach((line, i) => context.fillText(this.shortened(line, size), px, top + font * (0.3 + 1.2 * i)));
  }
  /** As much of a line as is no wider than `width` px in the current font. */
  shortened(line, width) {
    const fits = (text) => this.context.measureText(text).width <= width;
    if (fits(line)) return line;
    let end = line.length;
    while (end > 1 && !fits(`${line.slice(0, end)}…`)) end--;
    return `${line.slice(0, end).trimEnd()}…`;
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
    if (this.frameOf?.width !== width || this.frameOf.height !== height) this.frameOf = new ImageData(width, height);
    const image = this.frameOf, out = new Uint32Array(image.data.buffer), paper = parseInt(context.fillStyle.slice(1), 16);
    out.fill(0xff000000 | ((paper & 255) << 16) | (paper & 0xff00) | (paper >> 16));
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
    const { selected, chosen } = this, shown = chosen >= 0 ? selected : this.hovered;
    card.show(chosen >= 0 ? chosen : layout.ranks[shown] ?? -1, chosen >= 0);
    const lifted = scattered ? card.neighbours.map((rank) => this.indexOf(rank)).filter((i) => i >= 0) : [];
    for (const [i, line] of [...lifted.map((j) => [j, 2]), [this.hovered, 3], [selected, 4]]) {
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
    this.drawTag('you', px, py + side / 2 + 12);
  }
  drawTag(text, px, py) {
    const { context } = this;
    context.font = `600 13px ${this.font}`;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.fillStyle = this.accent;
    const wide = context.measureText(text).width + 18;
    context.beginPath();
    context.roundRect(px - wide / 2, py - 11, wide, 22, 11);
    context.fill();
    context.fillStyle = '#fff';
    context.fillText(text, px, py + 0.5);
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
    on('dblclick', (event) => this.zoom(2.2, ...this.at(event)));
    on('keydown', (event) => this.keydown(event));
  }
  /** Where in the canvas an event is; offsetX would be rounded, which a zoom makes visible. */
  at(event) {
    const { left, top } = this.canvas.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }
  hover(i) {
    if (i === this.hovered) return;
    this.hovered = i;
    this.canvas.style.cursor = i < 0 ? 'grab' : 'pointer';
    this.redraw();
  }
  press(event) {
    this.canvas.setPointerCapture(event.pointerId);
    const [x, y] = this.at(event);
    this.pointers.set(event.pointerId, { x, y });
    this.moved = this.pointers.size > 1 ? Infinity : 0; // px so far: a press that does not move is a click
  }
  drag(event) {
    if (!this.layout || !this.camera) return;
    const [x, y] = this.at(event), { pointerType } = event, held = this.pointers.get(event.pointerId);
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
    const mouse = event.pointerType === 'mouse', still = this.moved < (mouse ? 4 : 10);
    if (!this.pointers.delete(event.pointerId) || !up || !still || !this.layout) return;
    if (this.box.classList.contains('blurred')) return;
    this.select(this.layout.ranks[this.under(...this.at(event), mouse ? 4 : 14)] ?? -1);
  }
  /** Zooms at the pointer. A gallery is scrolled like the page it is on, until it has been clicked or Ctrl is held;
   *  and what can move no farther leaves the wheel to the page. */
  wheel(event) {
    if (!this.layout || !this.camera) return;
    const amount = event.deltaY * (event.deltaMode ? 16 : 1), { camera, layout } = this;
    const zooms = !layout.top || event.ctrlKey || this.canvas.matches(':focus');
    const before = { ...camera };
    if (zooms) this.zoom(Math.exp(-amount * (event.ctrlKey ? 0.01 : 0.0018)), ...this.at(event), false);
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
    this.select(this.layout.ranks[i], 300);
    this.bringIntoView(i);
  }
  dispose() {
    this.listening.abort();
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
    this.saveNow();
    for (const timer of [this.telling, this.card.waiting]) clearTimeout(timer);
    this.atlas?.close(this);
    this.box.remove();
  }
}

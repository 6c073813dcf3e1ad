// The card of one photo: what it shows, and the way to the photos most alike.

import { clamp, element } from './dom.js';

/** The photo under the pointer, or the selected one: picture, score, and the six most alike. */
export class Card {
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
    this.words.textContent = `better liked than ${atlas.share(rank)} % of these`;
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

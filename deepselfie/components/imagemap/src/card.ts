// The card of one photo: what it shows, and the way to the photos most alike.

import { FAMILIES, sharpest, type Atlas } from './atlas';
import { creditLine } from './credit';
import { clamp, element } from './dom';
import type { PhotoFacts } from './types';

const SHOWN = 4; // measured facts on the card: more would make it longer than the map is tall

export class Card {
  readonly box: HTMLElement;
  private readonly thumb = element('canvas', { width: 64, height: 64 });
  private readonly picture = element('img', { alt: '', decoding: 'async' });
  private readonly score = element('strong');
  private readonly words = element('span');
  private readonly name = element('span', { class: 'name' });
  private readonly credit = element('small', { class: 'credit' });
  private readonly measured = element('dl');
  private readonly label = element('small', {}, 'Most alike');
  private readonly alike = element('div', { class: 'alike' });
  private atlas: Atlas | null = null;
  private rank = -1;
  private painted = new Set<HTMLCanvasElement>();
  private waiting: ReturnType<typeof setTimeout> | undefined;
  /** Ranks of the photos most alike, in the order of their buttons. */
  neighbours: number[] = [];

  constructor(private readonly deps: { goTo(rank: number): void; letGo(): void; redraw(): void }) {
    const shut = element('button', { class: 'shut', 'aria-label': 'Let go of this photo' }, '×');
    shut.onclick = deps.letGo;
    this.box = element('div', { class: 'card', hidden: '' }, element('div', { class: 'picture' }, this.thumb, this.picture),
      element('div', { class: 'facts' }, element('p', {}, this.score, this.words), this.name, this.credit, this.measured, this.label, this.alike), shut);
    this.picture.onload = () => this.picture.classList.add('there');
  }
  dispose(): void { clearTimeout(this.waiting); }

  /** Shows the photo of a rank, -1 for none; pinned: it stays, and can be clicked in. */
  show(atlas: Atlas, rank: number, pinned: boolean): void {
    this.box.classList.toggle('pinned', pinned);
    if (rank === this.rank && atlas === this.atlas) return;
    Object.assign(this, { atlas, rank, neighbours: [] });
    clearTimeout(this.waiting);
    this.box.hidden = rank < 0;
    if (rank < 0) return;
    this.score.textContent = `${Math.round(100 * atlas.score[rank]!)} %`;
    this.words.textContent = `better liked than ${atlas.share(rank)} % of these`;
    this.name.textContent = '';
    this.credit.replaceChildren();
    this.picture.classList.remove('there');
    this.picture.removeAttribute('src');
    this.painted.clear();
    this.alike.replaceChildren();
    this.measured.replaceChildren();
    this.label.hidden = true;
    this.waiting = setTimeout(() => void this.ask(atlas, rank), atlas.facts.has(rank) ? 0 : 60);
  }
  private async ask(atlas: Atlas, rank: number): Promise<void> {
    this.picture.src = atlas.pictureUrl(rank, devicePixelRatio > 1.2 ? 512 : 256);
    const facts = await atlas.photo(rank);
    if (rank !== this.rank || atlas !== this.atlas) return;
    this.tell(facts);
    this.neighbours = (facts.neighbours ?? []).map((row) => atlas.rankOf(row)).filter((r) => r !== undefined).slice(0, 6);
    this.label.hidden = !this.neighbours.length;
    this.alike.replaceChildren(...this.neighbours.map((r) => this.button(r)));
    this.deps.redraw();
  }
  private tell(facts: PhotoFacts): void {
    const { name, cluster, measured = [] } = facts;
    const group = cluster && !cluster.startsWith('unnamed') ? [cluster] : [];
    this.name.textContent = [name, ...group].filter(Boolean).join(' · ');
    this.credit.replaceChildren(...creditLine(facts));
    const lines = measured.slice(0, SHOWN).map(([what, value]) => [element('dt', {}, what), element('dd', {}, value)]);
    this.measured.replaceChildren(...lines.flat());
  }
  private button(rank: number): HTMLElement {
    const canvas = element('canvas', { width: 64, height: 64 });
    const made = element('button', { 'aria-label': `Go to a photo like this, number ${rank + 1}` }, canvas);
    made.onclick = () => this.deps.goTo(rank);
    return made;
  }

  /** Paints the thumbnails whose pages have come, and returns the pages that are still to come. */
  paint(): string[] {
    if (this.box.hidden || !this.atlas) return [];
    const { atlas } = this, canvases = [...this.alike.querySelectorAll('canvas')];
    return [[this.thumb, this.rank] as const, ...canvases.map((canvas, i) => [canvas, this.neighbours[i]!] as const)]
      .flatMap(([canvas, rank]) => (this.painted.has(canvas) ? [] : this.paintOne(atlas, canvas, rank)));
  }
  private paintOne(atlas: Atlas, canvas: HTMLCanvasElement, rank: number): string[] {
    const missing = paintThumb(atlas, canvas, rank);
    if (!missing.length) this.painted.add(canvas);
    return missing;
  }

  /** Beside the photo's square, inside the map; on narrow maps the style sheet lays it along the bottom edge. */
  stand(x: number, y: number, side: number, width: number, height: number): void {
    const { offsetWidth: w, offsetHeight: h } = this.box, room = side / 2 + 14;
    const left = x + room + w <= width - 8 ? x + room : x - room - w;
    this.box.style.transform = width < 560 ? '' : `translate(${clamp(left, 8, width - w - 8)}px, ${clamp(y - h / 2, 8, height - h - 8)}px)`;
  }
}

/** Paints the largest thumbnail of a photo that is here on a whole canvas; returns the page of a larger one, to come. */
export function paintThumb(atlas: Atlas, canvas: HTMLCanvasElement, rank: number): string[] {
  const found = sharpest(atlas, rank);
  if (found) {
    const { page, slot } = found;
    canvas.getContext('2d')!.drawImage(page, slot.x, slot.y, slot.px, slot.px, 0, 0, canvas.width, canvas.height);
  }
  for (let level = atlas.levels.length - 1; level > (found?.level ?? 0); level--) {
    const better = FAMILIES.map((family) => atlas.slot(rank, level, family)).find(Boolean);
    if (better) return [better.name];
  }
  return [];
}

// The search: photos by name, number or id, and things to colour or filter by, found by a word.
// Out: goTo(rank), or colourBy(key, what is selected).

import { codesOf, nameOf, type Only } from './colours';
import { element } from './dom';
import type { Facet } from './types';

export interface Found { row: number; rank: number; id: string; name: string | null }
export interface Deps {
  find(q: string, signal: AbortSignal): Promise<Found[]>;
  facets(): Promise<Facet[]>;
  goTo(rank: number): void;
  colourBy(key: string, only?: Only): void;
  thumb(canvas: HTMLCanvasElement, rank: number): void;
}
/** Something to colour or filter by; `of`: the facet's label where `text` does not say it. */
export interface Way { text: string; of: string; key: string; only: Only | null; count: number }

const WAIT = 120; // ms after the last letter
const PHOTOS = 8, WAYS = 6; // at most
const LABEL = 'Search photos and looks';
const HINT = 'A name, a number (12 is the 12th best), or something to look for: “smile”, “black and white”.';

/** What the words of a query can mean of these facets. Each word begins a word of it; at least one of those of a choice begins
 *  a word of the value itself, or else its label alone would find all of its values. */
export function waysOf(facets: Facet[], query: string): Way[] {
  const wanted = words(query), ways: Way[] = [];
  if (!wanted.length) return [];
  const begins = (word: string, all: string[]) => all.some((other) => other.startsWith(word));
  for (const facet of facets) {
    const label = words(facet.label), whole = wanted.every((word) => begins(word, label));
    for (const [code, count] of facet.kind === 'number' ? [] : codesOf(facet)) {
      const name = nameOf(facet, code), value = words(name), both = [...label, ...value];
      if (!wanted.every((word) => begins(word, both))) continue;
      if (facet.kind === 'choice' && !wanted.some((word) => begins(word, value))) continue;
      if (facet.kind === 'yes_no' && !wanted.some((word) => begins(word, label))) continue;
      const [text, of] = facet.kind === 'yes_no' ? [`${facet.label} ${name}`, ''] : [name, facet.label];
      ways.push({ text: `Only: ${text}`, of, key: facet.key, only: { codes: [code] }, count });
    }
    if (whole) ways.push({ text: `Colour by ${facet.label}`, of: '', key: facet.key, only: null, count: facet.count });
  }
  return ways.slice(0, WAYS);
}
const plain = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
const words = (text: string): string[] => plain(text).match(/[\p{L}\p{N}]+/gu) ?? [];

export class Search {
  readonly box = element('div', { class: 'search', role: 'dialog', 'aria-label': 'Search', hidden: '' });
  private readonly input = element('input', {
    type: 'search', enterkeyhint: 'search', placeholder: LABEL, autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false',
    role: 'combobox', 'aria-label': LABEL, 'aria-expanded': 'false', 'aria-controls': 'found', 'aria-autocomplete': 'list',
  });
  private readonly list = element('ul', { id: 'found', role: 'listbox', 'aria-label': 'Found', hidden: '' });
  private readonly note = element('p', { role: 'status' }, HINT);
  private options: { item: HTMLElement; act: () => void }[] = [];
  private active = -1;
  private thumbs: { canvas: HTMLCanvasElement; rank: number }[] = [];
  private asking = new AbortController();
  private waiting: ReturnType<typeof setTimeout> | undefined;
  private complete = true; // all answers to what is typed are here
  private eager = false; // Enter came before them
  private before: Element | null = null; // had the focus
  private readonly outside = (event: Event) => { if (!event.composedPath().includes(this.box)) this.hide(); };

  constructor(private readonly deps: Deps) {
    const shut = element('button', { class: 'shut-search', 'aria-label': 'Close the search', title: 'Close (Esc)' }, '×');
    shut.onclick = () => this.close();
    this.box.append(element('div', { class: 'field' }, this.input, shut), this.list, this.note);
    this.input.oninput = () => this.typed();
    this.list.onmousedown = (event) => event.preventDefault(); // the focus stays in the field
    this.box.onkeydown = (event) => this.key(event);
    this.box.addEventListener('focusout', ({ relatedTarget: to }) => {
      if (to instanceof Node && !this.box.contains(to)) this.hide();
    });
  }

  get isOpen(): boolean { return !this.box.hidden; }
  open(): void {
    if (!this.isOpen) {
      this.before = (this.box.getRootNode() as Document | ShadowRoot).activeElement;
      this.box.hidden = false;
      addEventListener('pointerdown', this.outside, true);
      this.typed(0); // once more: the world may be another, or the answers had not come
    }
    this.input.focus();
    this.input.select();
    this.repaint();
  }
  /** Shuts it and gives the focus back. */
  close(): void {
    if (!this.isOpen) return;
    const { before } = this;
    this.before = null; // or the focus that leaves would shut it once more
    this.hide();
    if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
  }
  private hide(): void {
    this.box.hidden = true;
    this.asking.abort();
    clearTimeout(this.waiting);
    this.eager = false;
    removeEventListener('pointerdown', this.outside, true);
  }
  /** Has the thumbnails painted once more, when more of their pages may have come. */
  repaint(): void {
    if (this.isOpen) for (const { canvas, rank } of this.thumbs) this.deps.thumb(canvas, rank);
  }

  private typed(wait = WAIT): void {
    this.asking.abort();
    clearTimeout(this.waiting);
    this.eager = false;
    const query = this.input.value.trim();
    this.complete = !query;
    if (!query || !wait) this.fill([], [], query ? '' : HINT);
    if (query) this.waiting = setTimeout(() => void this.ask(query), wait);
  }
  private async ask(query: string): Promise<void> {
    const { signal } = (this.asking = new AbortController());
    let failed = false;
    const fallen = (): [] => { failed = true; return []; };
    const [facets, photos] = await Promise.all([this.deps.facets().catch(fallen), this.deps.find(query, signal).catch(fallen)]);
    if (signal.aborted) return;
    this.complete = true;
    const ways = /^\d+$/.test(query) ? [] : waysOf(facets, query), found = photos.slice(0, PHOTOS); // a number is a photo's
    const none = `Nothing found for “${query}”. Try a name, a number, or a word like “smile”.`;
    const note = failed ? 'The search got no answer. Try again in a moment.' : none;
    this.fill(ways, found, ways.length + found.length ? '' : note);
    if (this.eager && this.options.length) this.options[this.active]!.act();
    this.eager = false;
  }
  private fill(ways: Way[], photos: Found[], note: string): void {
    this.thumbs = [];
    this.options = [
      ...ways.map((way) => this.option(this.wayItem(way), () => this.deps.colourBy(way.key, ...(way.only ? [way.only] : [])))),
      ...photos.map((photo) => this.option(this.photoItem(photo), () => this.deps.goTo(photo.rank))),
    ];
    this.options.forEach(({ item }, i) => {
      item.id = `found-${i}`;
      item.onpointermove = () => { if (i !== this.active) this.activate(i); };
    });
    const some = this.options.length > 0;
    this.list.replaceChildren(...this.options.map(({ item }) => item));
    this.list.hidden = !some;
    this.list.scrollTop = 0;
    this.note.textContent = note;
    this.input.setAttribute('aria-expanded', String(some));
    this.activate(some ? 0 : -1);
    this.repaint();
  }
  private option(item: HTMLElement, chosen: () => void): { item: HTMLElement; act: () => void } {
    const act = () => { this.close(); chosen(); };
    item.onclick = act;
    return { item, act };
  }
  private wayItem({ text, of, only, count }: Way): HTMLElement {
    const sign = element('span', { class: only ? 'sign only' : 'sign', 'aria-hidden': 'true' });
    const number = element('small', {}, `${count.toLocaleString('en')} photos`), where = of ? [element('small', {}, of)] : [];
    return element('li', { role: 'option' }, sign, element('span', { class: 'found-text' }, text, ...where), number);
  }
  private photoItem({ rank, id, name }: Found): HTMLElement {
    const side = Math.round(40 * Math.min(2, devicePixelRatio || 1));
    const canvas = element('canvas', { width: side, height: side, 'aria-hidden': 'true' });
    this.thumbs.push({ canvas, rank });
    const number = `number ${(rank + 1).toLocaleString('en')}`;
    const text = element('span', { class: 'found-text' }, name ?? id, element('small', {}, name ? `${number} · ${id}` : number));
    return element('li', { role: 'option' }, canvas, text);
  }

  private activate(i: number): void {
    this.active = i;
    this.options.forEach(({ item }, j) => item.setAttribute('aria-selected', String(j === i)));
    if (i < 0) { this.input.removeAttribute('aria-activedescendant'); return; }
    this.input.setAttribute('aria-activedescendant', `found-${i}`);
    this.options[i]!.item.scrollIntoView?.({ block: 'nearest' });
  }
  private key(event: KeyboardEvent): void {
    event.stopPropagation(); // letters typed here are no commands to the map
    const n = this.options.length, steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 }, step = steps[event.key];
    if (event.isComposing) return;
    if (event.key === 'Escape') this.close();
    else if (step && n) this.activate((this.active + step + n) % n);
    else if (event.key === 'Enter' && event.target === this.input) {
      if (!this.complete) this.eager = true;
      else this.options[this.active]?.act();
    } else return;
    event.preventDefault();
  }
}

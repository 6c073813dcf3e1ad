// The selected photos beside the map: how many, how well liked, what sets them apart, and all of them in a gallery.

import type { Atlas } from './atlas';
import { element } from './dom';
import { Gallery } from './gallery';

const PAUSE = 250; // ms without a change, before the server is asked
const LINGER = 10_000; // ms that a browser is given to save a file

interface Apart { apart: { key: string; label: string; text: string }[] } // text: "Brightness: low, 31 % on average, 52 % in all"

export class Panel {
  readonly box: HTMLElement;
  private readonly count = element('strong');
  private readonly title = element('span', { class: 'title' });
  private readonly average = element('p', { class: 'average' });
  private readonly hiding = element('button', { type: 'button', 'aria-pressed': 'false' }, 'Hide the others');
  private readonly exporting = element('button', { type: 'button' });
  private readonly folding = element('button', { type: 'button', class: 'fold' });
  private readonly actions: HTMLElement;
  private readonly differences = element('ul');
  private readonly apart = element(
    'section', { class: 'apart', hidden: '' }, element('h3', {}, 'What sets them apart'), this.differences);
  private readonly none = element('p', { class: 'none' }, 'No photo fits. Clear the selection, or choose other photos.');
  private readonly scroller = element('div', { class: 'scroller' });
  private readonly gallery: Gallery;
  private atlas: Atlas | null = null;
  private ranks: Int32Array<ArrayBuffer> | null = null;
  private everywhere = 0; // the average score of the atlas
  private waiting: ReturnType<typeof setTimeout> | undefined;
  private asking = new AbortController();

  constructor(private readonly deps: { goTo(rank: number): void; clear(): void; hide(hidden: boolean): void; redraw(): void }) {
    const clear = element('button', { type: 'button', class: 'clear' }, 'Clear');
    clear.onclick = () => deps.clear();
    this.folding.onclick = () => this.fold(this.folding.ariaExpanded === 'true');
    this.hiding.onclick = () => this.hide(!this.isHiding);
    this.exporting.onclick = () => void this.export();
    this.gallery = new Gallery(this.scroller, deps);
    this.actions = element('div', { class: 'actions' }, this.hiding, this.exporting);
    const what = element('p', { class: 'what', role: 'status' }, this.count, this.title);
    const header = element('header', {}, what, this.average, this.actions, element('div', { class: 'ends' }, clear, this.folding));
    this.scroller.append(this.apart, this.none, this.gallery.box);
    this.box = element('section', { class: 'panel', 'aria-label': 'The selected photos', hidden: '' }, header, this.scroller);
    this.fold(false);
  }
  dispose(): void {
    clearTimeout(this.waiting);
    this.asking.abort();
    this.gallery.dispose();
  }

  /** Shows these photos, in any order, under a title; null: nothing is selected. */
  show(atlas: Atlas, ranks: Int32Array | null, title: string): void {
    this.title.textContent = title;
    const sorted = ranks && new Int32Array(ranks).sort(); // the best first
    if (atlas === this.atlas && sorted && same(sorted, this.ranks)) return;
    if (atlas !== this.atlas) this.everywhere = mean(atlas.score);
    Object.assign(this, { atlas, ranks: sorted });
    this.box.hidden = !sorted;
    if (!sorted) this.hide(false);
    this.tell(atlas, sorted ?? new Int32Array());
    this.gallery.show(atlas, sorted ?? new Int32Array());
    this.askLater(atlas, sorted);
  }
  private tell(atlas: Atlas, ranks: Int32Array): void {
    const n = ranks.length, percent = (share: number) => `${Math.round(100 * share)} %`;
    this.count.textContent = n === 1 ? '1 photo' : `${n.toLocaleString('en')} photos`;
    this.average.textContent = n ? `${percent(mean(ranks, atlas.score))} on average, ${percent(this.everywhere)} in all` : '';
    this.exporting.textContent = 'Export ids (CSV)';
    this.actions.hidden = !n;
    this.none.hidden = n > 0;
  }

  /** Asks what sets the photos apart once they have stayed the same for a while; till then, the answer before stays. */
  private askLater(atlas: Atlas, ranks: Int32Array<ArrayBuffer> | null): void {
    clearTimeout(this.waiting);
    this.asking.abort();
    this.apart.classList.add('old');
    if (!ranks?.length || ranks.length === atlas.n) return this.answer([]); // all of them do not differ from all
    const { signal } = (this.asking = new AbortController());
    this.waiting = setTimeout(() => void this.ask(atlas, ranks, signal), PAUSE);
  }
  private async ask(atlas: Atlas, ranks: Int32Array<ArrayBuffer>, signal: AbortSignal): Promise<void> {
    const { apart }: Apart = await atlas.ask('apart', ranks, signal).then((answer) => answer.json()).catch(() => ({ apart: [] }));
    if (!signal.aborted) this.answer(apart);
  }
  private answer(apart: Apart['apart']): void {
    this.differences.replaceChildren(...apart.map(({ label, text }) => {
      const rest = text.startsWith(`${label}: `) ? text.slice(label.length + 2) : text;
      return element('li', {}, element('b', {}, label), ` ${rest}`);
    }));
    this.apart.hidden = !apart.length;
    this.apart.classList.remove('old');
    this.gallery.arrange();
  }

  private get isHiding(): boolean { return this.hiding.getAttribute('aria-pressed') === 'true'; }
  private hide(hidden: boolean): void {
    if (hidden === this.isHiding) return;
    this.hiding.setAttribute('aria-pressed', String(hidden));
    this.deps.hide(hidden);
  }
  /** Folded, only its head lies over the photos. */
  private fold(folded: boolean): void {
    const says = folded ? 'Unfold the panel' : 'Fold the panel';
    this.box.classList.toggle('folded', folded);
    Object.assign(this.folding, { ariaExpanded: String(!folded), ariaLabel: says, title: says });
  }
  private async export(): Promise<void> {
    const { atlas, ranks, exporting } = this;
    if (!atlas || !ranks || exporting.ariaBusy === 'true') return;
    exporting.ariaBusy = 'true';
    const csv = await atlas.ask('ids', ranks).then((answer) => answer.blob()).catch(() => null);
    exporting.ariaBusy = 'false';
    if (csv) save(csv, 'selection.csv');
    exporting.textContent = csv ? 'Export ids (CSV)' : 'Failed: try again';
  }

  /** Paints the thumbnails that have come, and returns the pages still to come. To be called at every redraw. */
  paint(): string[] { return this.box.hidden ? [] : this.gallery.paint(); }
}

function same(a: Int32Array, b: Int32Array | null): boolean {
  return a.length === b?.length && a.every((v, i) => v === b[i]);
}
/** Of the values, or of those that they are the ranks of. */
function mean(values: ArrayLike<number>, of?: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += of ? of[values[i]!]! : values[i]!;
  return sum / values.length;
}
function save(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  element('a', { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), LINGER);
}

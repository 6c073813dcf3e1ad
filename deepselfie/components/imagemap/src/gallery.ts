// A scrolling gallery of any number of photos in a narrow column: only the rows in view have cells.

import { FAMILIES, sharpest, type Atlas } from './atlas';
import { clamp, element } from './dom';
import type { Family } from './types';

const SIDE = 64, GAP = 3; // px: about the side of a photo, and between photos
const PAGES = 12; // asked for at a time

interface Cell {
  button: HTMLButtonElement;
  canvas: HTMLCanvasElement;
  at: number; // place in the list of ranks
  level: number; // of the atlas, that is painted; -1 for none
}

export class Gallery {
  readonly box = element('div', { class: 'photos', role: 'group', 'aria-label': 'The photos, the best first' });
  private atlas: Atlas | null = null;
  private ranks = new Int32Array();
  private readonly cells = new Map<number, Cell>(); // by place
  private readonly spare: Cell[] = [];
  private columns = 4;
  private side = SIDE;
  private active = 0; // the place that Tab leads to
  private readonly observer = new ResizeObserver(() => this.arrange());

  /** `scroller` scrolls the gallery, with what may be above it. */
  constructor(private readonly scroller: HTMLElement, private readonly deps: { goTo(rank: number): void; redraw(): void }) {
    scroller.addEventListener('scroll', () => this.refresh(), { passive: true });
    this.box.addEventListener('click', (event) => this.click(event));
    this.box.addEventListener('keydown', (event) => this.walk(event));
    this.observer.observe(scroller);
  }
  dispose(): void { this.observer.disconnect(); }

  /** Shows photos in the order given, from the first on. */
  show(atlas: Atlas, ranks: Int32Array<ArrayBuffer>): void {
    Object.assign(this, { atlas, ranks, active: 0 });
    for (const cell of this.cells.values()) this.release(cell);
    this.scroller.scrollTop = 0;
    this.arrange();
  }
  /** To be called when what is above it has changed, too. */
  arrange(): void {
    const width = this.box.clientWidth;
    if (!width) return;
    this.columns = Math.max(1, Math.round((width + GAP) / (SIDE + GAP)));
    this.side = Math.floor((width - GAP * (this.columns - 1)) / this.columns);
    this.box.style.height = `${Math.ceil(this.ranks.length / this.columns) * (this.side + GAP)}px`;
    this.box.style.setProperty('--side', `${this.side}px`);
    this.refresh();
  }
  private refresh(): void {
    this.fill();
    if (this.paint().length) this.deps.redraw();
  }

  /** Gives a cell to each photo of the rows in view, of one more above and below, and to the one that has the focus. */
  private fill(): void {
    const { scroller, cells, columns, ranks } = this, tall = this.side + GAP, top = scroller.scrollTop - this.box.offsetTop;
    const from = clamp((Math.floor(top / tall) - 1) * columns, 0, ranks.length);
    const until = clamp((Math.floor((top + scroller.clientHeight) / tall) + 2) * columns, from, ranks.length);
    if (!this.focused) this.active = clamp(this.active, from, until - 1);
    for (const cell of cells.values()) if ((cell.at < from || cell.at >= until) && cell.at !== this.active) this.release(cell);
    for (let at = from; at < until; at++) if (!cells.has(at)) this.take(at);
    if (this.active < ranks.length && !cells.has(this.active)) this.take(this.active);
    for (const { at, button } of cells.values()) {
      button.style.transform = `translate(${(at % columns) * tall}px, ${Math.floor(at / columns) * tall}px)`;
      button.tabIndex = at === this.active ? 0 : -1;
    }
  }
  private take(at: number): void {
    const cell = this.spare.pop() ?? make(), { atlas, ranks } = this, score = `${Math.round(100 * atlas!.score[ranks[at]!]!)} %`;
    Object.assign(cell, { at, level: -1 });
    cell.button.dataset.at = String(at);
    cell.button.title = score;
    cell.button.setAttribute('aria-label', `Photo ${at + 1} of ${ranks.length}: ${score}`);
    this.cells.set(at, cell);
    this.box.append(cell.button);
  }
  private release(cell: Cell): void {
    this.cells.delete(cell.at);
    this.spare.push(cell);
    cell.button.remove();
  }

  /** Paints the best that has come of each photo; returns the names of the pages still to come. */
  paint(): string[] {
    const { atlas, cells, ranks } = this;
    if (!atlas) return [];
    for (const cell of cells.values()) paintCell(atlas, cell, ranks[cell.at]!);
    return this.wanted(atlas);
  }
  /** The pages of the family that needs fewer; of smaller thumbnails, where photos are from all over the world. */
  private wanted(atlas: Atlas): string[] {
    const inOrder = [...this.cells.values()].sort((a, b) => a.at - b.at);
    for (let level = atlas.levels.length - 1; level > 0; level--) {
      const ranks = inOrder.filter((cell) => cell.level < level).map((cell) => this.ranks[cell.at]!);
      const [fewest = []] = FAMILIES.map((family) => pagesOf(atlas, ranks, level, family)).filter((names) => names.length)
        .sort((a, b) => a.length - b.length);
      if (fewest.length && (fewest.length <= PAGES || level === 1)) return fewest.slice(0, PAGES);
    }
    return [];
  }

  private get focused(): boolean { return this.box.contains((this.box.getRootNode() as Document | ShadowRoot).activeElement); }
  private click(event: Event): void {
    const button = (event.target as Element).closest<HTMLElement>('[data-at]');
    if (!button) return;
    this.active = Number(button.dataset.at);
    this.fill();
    this.deps.goTo(this.ranks[this.active]!);
  }
  private walk(event: KeyboardEvent): void {
    const { active, columns, ranks: { length: n } } = this;
    const ways: Record<string, number> = {
      ArrowLeft: active - 1, ArrowRight: active + 1, ArrowUp: active - columns, ArrowDown: active + columns, Home: 0, End: n - 1,
    };
    const to = ways[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (to >= 0) this.focus(Math.min(to, n - 1));
  }
  private focus(at: number): void {
    const { scroller, side } = this, top = this.box.offsetTop + Math.floor(at / this.columns) * (side + GAP);
    this.active = at;
    scroller.scrollTop = clamp(scroller.scrollTop, top + side + GAP - scroller.clientHeight, top - GAP);
    this.refresh();
    this.cells.get(at)?.button.focus({ preventScroll: true });
  }
}

function make(): Cell {
  const canvas = element('canvas'), button = element('button', { type: 'button' }, canvas);
  return { button, canvas, at: -1, level: -1 };
}
function pagesOf(atlas: Atlas, ranks: number[], level: number, family: Family): string[] {
  return [...new Set(ranks.flatMap((rank) => atlas.slot(rank, level, family)?.name ?? []))];
}
function paintCell(atlas: Atlas, cell: Cell, rank: number): void {
  const found = sharpest(atlas, rank, Math.max(cell.level, 0));
  if (found) {
    const { page, slot, level } = found;
    sized(cell.canvas, slot.px)?.drawImage(page, slot.x, slot.y, slot.px, slot.px, 0, 0, slot.px, slot.px);
    cell.level = level;
  } else if (cell.level <= 0) paintTiny(atlas, cell, rank); // every time: the tiny ones may have come since
}
function paintTiny(atlas: Atlas, cell: Cell, rank: number): void {
  const side = atlas.tinySide, pixels = new Uint8ClampedArray(atlas.tiny.slice(rank * side ** 2, (rank + 1) * side ** 2).buffer);
  sized(cell.canvas, side)?.putImageData(new ImageData(pixels, side, side), 0, 0);
  cell.level = 0;
}
/** The context of a square canvas of `side` pixels, which the style sheet enlarges. */
function sized(canvas: HTMLCanvasElement, side: number): CanvasRenderingContext2D | null {
  if (canvas.width !== side) canvas.width = canvas.height = side;
  return canvas.getContext('2d');
}

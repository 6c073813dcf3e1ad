// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Atlas, Slot } from './atlas';
import { Panel } from './panel';
import type { Family } from './types';

const N = 20_000;
/** 16 photos a page of the family 'rank', and 400 of 'map', at level 2; all photos of a family on one page at level 1. */
function world(come: string[] = []) {
  const ask = vi.fn(async (_kind: string, _ranks: Int32Array, _signal?: AbortSignal) =>
    new Response(JSON.stringify({ apart: [{ key: 'glasses', label: 'Glasses', text: 'Glasses: 62 % here, 12 % of all' }] })));
  const slot = (rank: number, level: number, family: Family): Slot => {
    const each = level === 1 ? N : family === 'rank' ? 16 : 400;
    return { name: `${family}${level}-${Math.floor(rank / each)}`, x: rank, y: 0, px: level === 1 ? 32 : 64 };
  };
  const atlas = {
    n: N, levels: [{ px: 8 }, { px: 32 }, { px: 64 }], tinySide: 2, tiny: new Uint32Array(4 * N), slot, ask,
    score: Float32Array.from({ length: N }, (_, rank) => 1 - rank / N),
    pages: { get: (name: string) => (come.includes(name) ? { name } : undefined) },
  } as unknown as Atlas;
  return { atlas, ask };
}
const ranks = (n: number, step = 1) => Int32Array.from({ length: n }, (_, i) => i * step);

let drawn: { name: string; rank: number }[] = [];
beforeEach(() => {
  vi.useFakeTimers();
  drawn = [];
  globalThis.ImageData ??= class {} as never;
  const drawImage = ({ name }: { name: string }, rank: number) => drawn.push({ name, rank });
  HTMLCanvasElement.prototype.getContext = (() => ({ drawImage, putImageData: () => {} })) as never;
  const size = (name: string, of: (element: HTMLElement) => number) =>
    Object.defineProperty(HTMLElement.prototype, name, { configurable: true, get() { return of(this as HTMLElement); } });
  size('clientWidth', () => 265); // 4 columns of 64 px, 3 px apart
  size('clientHeight', () => 4 * 67); // 4 rows
  size('offsetTop', (element) => (element.className === 'photos' ? 100 : 0));
});
afterEach(() => { vi.useRealTimers(); document.body.replaceChildren(); });

function panel() {
  const deps = { goTo: vi.fn(), clear: vi.fn(), hide: vi.fn(), redraw: vi.fn() }, made = new Panel(deps);
  document.body.append(made.box);
  const find = <T extends HTMLElement>(what: string) => made.box.querySelector<T>(what)!;
  const button = (text: string) => [...made.box.querySelectorAll('button')].find((each) => each.textContent === text)!;
  const cells = () => [...made.box.querySelectorAll<HTMLElement>('.photos button')];
  const places = () => cells().map((each) => Number(each.dataset.at)).sort((a, b) => a - b);
  const scroll = (top: number) => { find('.scroller').scrollTop = top; find('.scroller').dispatchEvent(new Event('scroll')); };
  return { made, deps, find, button, places, scroll };
}

describe('Panel', () => {
  it('says how many photos are selected, and their average beside that of all', () => {
    const { made, find } = panel(), { atlas } = world();
    made.show(atlas, ranks(5000), 'In the lasso');
    expect(made.box.hidden).toBe(false);
    expect(find('.what').textContent).toBe('5,000 photosIn the lasso');
    expect(find('.average').textContent).toBe('88 % on average, 50 % in all');
    made.show(atlas, Int32Array.of(7), '');
    expect(find('strong').textContent).toBe('1 photo');
    made.show(atlas, new Int32Array(), 'Glasses');
    expect(find('.none').hidden).toBe(false);
    expect(find('.actions').hidden).toBe(true);
    made.show(atlas, null, '');
    expect(made.box.hidden).toBe(true);
    expect(made.paint()).toEqual([]);
  });

  it('asks what sets the photos apart once they have rested, and aborts what has become stale', async () => {
    const { made, find } = panel(), { atlas, ask } = world();
    for (const n of [10, 20, 30]) { made.show(atlas, ranks(n), ''); await vi.advanceTimersByTimeAsync(200); }
    expect(ask).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(60);
    expect(ask).toHaveBeenCalledTimes(1);
    expect(ask.mock.calls[0]![1]).toHaveLength(30);
    expect(find('.apart').hidden).toBe(false);
    expect(find('.apart li').textContent).toBe('Glasses 62 % here, 12 % of all');

    const answers: ((answer: Response) => void)[] = [];
    ask.mockImplementation(() => new Promise((resolve) => answers.push(resolve)));
    const says = (text: string) => new Response(JSON.stringify({ apart: [{ key: text, label: 'Look', text }] }));
    made.show(atlas, ranks(40), '');
    await vi.advanceTimersByTimeAsync(300);
    made.show(atlas, ranks(50), '');
    expect(ask.mock.calls[1]![2]!.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(300);
    answers[1]!(says('new'));
    answers[0]!(says('stale'));
    await vi.advanceTimersByTimeAsync(1);
    expect(find('.apart li').textContent).toBe('Look new');
  });
  it('says nothing of it where the server fails, where all are selected, or the same again', async () => {
    const { made, find } = panel(), { atlas, ask } = world();
    ask.mockRejectedValue(new Error('apart: 500'));
    made.show(atlas, ranks(10), '');
    await vi.advanceTimersByTimeAsync(300);
    expect(find('.apart').hidden).toBe(true);
    made.show(atlas, ranks(10), 'another title');
    made.show(atlas, ranks(N), '');
    await vi.advanceTimersByTimeAsync(300);
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('hides the others, and shows them again when nothing is selected any more', () => {
    const { made, deps, button } = panel(), { atlas } = world(), hiding = () => button('Hide the others');
    made.show(atlas, ranks(10), '');
    hiding().click();
    expect(hiding().getAttribute('aria-pressed')).toBe('true');
    made.show(atlas, ranks(20), '');
    expect(deps.hide.mock.calls).toEqual([[true]]);
    made.show(atlas, null, '');
    expect(hiding().getAttribute('aria-pressed')).toBe('false');
    expect(deps.hide.mock.calls).toEqual([[true], [false]]);
    button('Clear').click();
    expect(deps.clear).toHaveBeenCalledTimes(1);
  });

  it('is folded up to its head, and unfolded', () => {
    const { made, find } = panel(), fold = find<HTMLButtonElement>('.fold'), says = () => [fold.title, made.box.classList.contains('folded')];
    made.show(world().atlas, ranks(10), '');
    expect(says()).toEqual(['Fold the panel', false]);
    fold.click();
    expect(says()).toEqual(['Unfold the panel', true]);
    made.show(world().atlas, ranks(20), ''); // stays as the visitor has put it
    fold.click();
    expect(says()).toEqual(['Fold the panel', false]);
  });

  it('exports the ids, best first, and says where that failed', async () => {
    const { made, button } = panel(), { atlas, ask } = world(), saved: [string, string][] = [];
    const click = vi.spyOn(HTMLAnchorElement.prototype, 'click');
    click.mockImplementation(function (this: HTMLAnchorElement) { saved.push([this.download, this.href]); });
    vi.spyOn(URL, 'createObjectURL').mockReturnValue('blob:1');
    const revoke = vi.spyOn(URL, 'revokeObjectURL').mockReturnValue();
    made.show(atlas, Int32Array.of(9, 3, 5), '');
    button('Export ids (CSV)').click();
    button('Export ids (CSV)').click(); // a second click waits for the first file
    await vi.advanceTimersByTimeAsync(20_000);
    const exports = ask.mock.calls.filter(([kind]) => kind === 'ids');
    expect(exports.map(([, asked]) => [...asked])).toEqual([[3, 5, 9]]);
    expect(saved).toEqual([['selection.csv', 'blob:1']]);
    expect(revoke).toHaveBeenCalledWith('blob:1');
    ask.mockRejectedValue(new Error('ids: 500'));
    button('Export ids (CSV)').click();
    await vi.advanceTimersByTimeAsync(1);
    expect(button('Failed: try again')).toBeTruthy();
  });
});

describe('its gallery', () => {
  it('has cells for the rows in view alone, however many photos there are', () => {
    const { made, places, scroll } = panel();
    made.show(world().atlas, ranks(N), '');
    expect(places()).toEqual([...ranks(4 * 4)]); // three rows from y = 100 px on in 268 px, and one more
    for (const top of [100 + 67 * 1000, 100 + 67 * 4000, 100 + 67 * 1000]) {
      scroll(top);
      const seen = places(), row = (top - 100) / 67;
      expect(seen[0]).toBe((row - 1) * 4);
      expect(seen.length).toBe(7 * 4);
    }
    scroll(1e9);
    expect(places().every((at) => at < N)).toBe(true);
  });
  it('shows the best first, and goes to the photo that is clicked', () => {
    const { made, deps, find, scroll } = panel();
    made.show(world().atlas, Int32Array.of(9000, 2, 500), '');
    const cell = find('[data-at="1"]');
    expect([cell.title, cell.getAttribute('aria-label')]).toEqual(['98 %', 'Photo 2 of 3: 98 %']);
    cell.querySelector('canvas')!.dispatchEvent(new Event('click', { bubbles: true }));
    expect(deps.goTo.mock.calls).toEqual([[500]]);
    made.show(world().atlas, ranks(N, 1), '');
    scroll(100 + 67 * 1000);
    find('[data-at="4001"]').click();
    expect(deps.goTo).toHaveBeenLastCalledWith(4001);
  });

  it('paints the best that has come, each thumbnail once, and says what is to come', () => {
    const come: string[] = [], { atlas } = world(come), { made } = panel();
    made.show(atlas, ranks(16).map((rank) => rank + 8), ''); // on two pages of 'rank', one of 'map'
    expect(made.paint()).toEqual(['map2-0']);
    come.push('rank1-0');
    expect(made.paint()).toEqual(['map2-0']);
    expect(drawn).toEqual([...ranks(16)].map((i) => ({ name: 'rank1-0', rank: i + 8 })));
    drawn = [];
    come.push('rank2-0');
    made.paint();
    expect(drawn).toHaveLength(8);
    come.push('map2-0');
    expect(made.paint()).toEqual([]);
    expect(drawn.map(({ name }) => name)).toEqual([...Array(8).fill('rank2-0'), ...Array(8).fill('map2-0')]);
    drawn = [];
    made.paint();
    expect(drawn).toEqual([]);
  });
  it('asks for smaller thumbnails where the photos are from too many pages', () => {
    const come: string[] = [], { atlas } = world(come), { made } = panel();
    made.show(atlas, ranks(20, 1000), '');
    expect(made.paint()).toEqual(['rank1-0']);
    come.push('rank1-0');
    expect(made.paint()).toEqual([]);
  });
  it('asks for a redraw where scrolling has brought photos whose pages are missing, and paints at once what is there', () => {
    const come = ['map2-0'], { atlas } = world(come), { made, deps, scroll } = panel();
    made.show(atlas, ranks(N), '');
    drawn = [];
    scroll(100 + 67 * 20);
    expect([drawn.length > 0, deps.redraw.mock.calls.length]).toEqual([true, 0]);
    scroll(100 + 67 * 1000);
    expect(deps.redraw).toHaveBeenCalledTimes(1);
  });

  it('is walked with the arrow keys, one stop for Tab, and keeps the focus while it scrolls', () => {
    const { made, find, scroll } = panel();
    made.show(world().atlas, ranks(103), '');
    const stops = () => [...made.box.querySelectorAll<HTMLElement>('.photos [tabindex="0"]')].map((each) => each.dataset.at);
    const at = () => (document.activeElement as HTMLElement).dataset.at;
    const press = (key: string) =>
      document.activeElement!.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    expect(stops()).toEqual(['0']);
    find('[data-at="0"]').focus();
    const keys = 'ArrowRight ArrowDown ArrowUp ArrowUp ArrowLeft ArrowLeft End ArrowUp ArrowDown ArrowRight Home'.split(' ');
    const walked = keys.map((key) => { press(key); return at(); });
    expect(walked).toEqual(['1', '5', '1', '1', '0', '0', '102', '98', '102', '102', '0']);
    press('End');
    expect(find('.scroller').scrollTop).toBe(100 + 26 * 67 - 4 * 67);
    scroll(0);
    expect([at(), ...stops()]).toEqual(['102', '102']);
    (document.activeElement as HTMLElement).blur();
    scroll(1);
    expect(Number(stops()[0])).toBeLessThan(30); // Tab leads into view again
  });
});

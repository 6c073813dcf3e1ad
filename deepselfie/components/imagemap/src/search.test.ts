// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Search, waysOf, type Found } from './search';
import type { Facet } from './types';

const facet = (key: string, label: string, kind: Facet['kind'], values: Facet['values'] = []): Facet =>
  ({ key, label, kind, unit: '', count: 10, low: 0, high: 1, values });
const facets = [
  facet('brightness', 'Brightness', 'number'), facet('monochrome', 'Black and white', 'yes_no', [[false, 9], [true, 1]]),
  facet('truth.smile', 'Smile', 'number'),
  facet('cluster', 'Looks', 'choice', [['glasses, smiling', 5], ['Beyoncé hats', 3], ['looks tired', 2]]),
];
const texts = (query: string) => waysOf(facets, query).map(({ text }) => text);

describe('waysOf', () => {
  it('finds what a word means', () => {
    expect(texts('bright')).toEqual(['Colour by Brightness']);
    expect(texts('smil')).toEqual(['Colour by Smile', 'Only: glasses, smiling']);
    expect(texts('black and white')).toEqual(
      ['Only: Black and white yes', 'Only: Black and white no', 'Colour by Black and white']);
    expect(texts('BLACK yes')).toEqual(['Only: Black and white yes']);
    expect(texts('beyonce')).toEqual(['Only: Beyoncé hats']);
    expect(texts('looks glass')).toEqual(['Only: glasses, smiling']);
  });
  it('finds no more than that', () => {
    expect(texts('looks')).toEqual(['Only: looks tired', 'Colour by Looks']);
    for (const query of ['', '  ', '…', 'no', 'right', 'glasses hats']) expect(texts(query), query).toEqual([]);
  });
  it('says what to select', () => {
    expect(waysOf(facets, 'monoch')).toEqual([]);
    expect(waysOf(facets, 'white no')[0]).toMatchObject({ key: 'monochrome', only: { codes: [0] }, count: 9 });
    expect(waysOf(facets, 'hats')[0]).toMatchObject({ key: 'cluster', only: { codes: [1] }, count: 3 });
    expect(waysOf(facets, 'bright')[0]).toMatchObject({ key: 'brightness', only: null });
  });
});

describe('Search', () => {
  const photo = (rank: number, name: string | null = null): Found => ({ row: rank + 100, rank, id: `demo:${rank}`, name });
  let search: Search, asked: { q: string; signal: AbortSignal; answer: (found: Found[]) => void; fail: () => void }[];
  let done: unknown[][], painted: number[];
  const input = () => search.box.querySelector('input')!;
  const options = () => [...search.box.querySelectorAll<HTMLElement>('[role=option]')];
  const chosen = () => options().findIndex((option) => option.getAttribute('aria-selected') === 'true');
  const note = () => search.box.querySelector('[role=status]')!.textContent;
  const press = (key: string) => input().dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  const type = async (text: string, wait = 200) => {
    input().value = text;
    input().dispatchEvent(new Event('input'));
    await vi.advanceTimersByTimeAsync(wait);
  };
  const answer = async (found: Found[], i = asked.length - 1) => {
    asked[i]!.answer(found);
    await vi.advanceTimersByTimeAsync(0);
  };

  beforeEach(() => {
    vi.useFakeTimers();
    [asked, done, painted] = [[], [], []];
    search = new Search({
      find: (q, signal) => new Promise((answer, reject) => {
        asked.push({ q, signal, answer, fail: () => reject(new Error('500')) });
      }),
      facets: async () => facets,
      goTo: (...given) => done.push(['goTo', ...given]),
      colourBy: (...given) => done.push(['colourBy', ...given]),
      thumb: (_, rank) => painted.push(rank),
    });
    document.body.innerHTML = '<button>before</button>';
    document.body.append(search.box);
    document.querySelector('button')!.focus();
    search.open();
  });
  afterEach(() => { search.close(); vi.useRealTimers(); });

  it('takes the focus, and gives it back with Escape', () => {
    expect(search.isOpen).toBe(true);
    expect(document.activeElement).toBe(input());
    let heard = 0;
    document.body.onkeydown = () => heard++;
    press('Escape');
    expect([search.isOpen, document.activeElement?.textContent, heard]).toEqual([false, 'before', 0]);
  });
  it('shows what is found; arrows go through it, Enter takes one', async () => {
    await type('smil');
    await answer([photo(4, 'Smilla'), photo(7)]);
    expect(options()).toHaveLength(4);
    expect(options()[2]!.textContent).toBe('Smillanumber 5 · demo:4');
    expect(chosen()).toBe(0);
    press('ArrowUp');
    expect(chosen()).toBe(3);
    expect(input().getAttribute('aria-activedescendant')).toBe(options()[3]!.id);
    press('ArrowDown');
    press('ArrowDown');
    press('Enter');
    expect(done).toEqual([['colourBy', 'cluster', { codes: [0] }]]);
    expect([search.isOpen, document.activeElement?.textContent]).toEqual([false, 'before']);
  });
  it('a click takes one', async () => {
    await type('12');
    await answer([photo(11)]);
    options()[0]!.click();
    expect(done).toEqual([['goTo', 11]]);
  });
  it('a facet alone is coloured by, without a selection', async () => {
    await type('bright');
    await answer([]);
    press('Enter');
    expect(done).toEqual([['colourBy', 'brightness']]);
  });
  it('waits until one stops typing, and drops answers to what is no longer asked', async () => {
    await type('a', 50);
    await type('ad', 50);
    expect(asked).toEqual([]);
    await type('ada');
    await type('adam');
    expect(asked.map(({ q, signal }) => [q, signal.aborted])).toEqual([['ada', true], ['adam', false]]);
    await answer([photo(2, 'Adam')]);
    await answer([photo(1, 'Ada'), photo(3, 'Ada')], 0);
    expect(options()).toHaveLength(1);
  });
  it('Enter before the answer takes its first', async () => {
    await type('12', 10);
    press('Enter');
    expect(done).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    await answer([photo(11)]);
    expect(done).toEqual([['goTo', 11]]);
  });
  it('but not once it is closed', async () => {
    await type('12');
    press('Enter');
    press('Escape');
    await answer([photo(11)]);
    expect(done).toEqual([]);
    expect(asked[0]!.signal.aborted).toBe(true);
  });
  it('says it when nothing is found, and when nobody answers', async () => {
    await type('zzz');
    await answer([]);
    expect(note()).toContain('Nothing found for “zzz”');
    expect([options().length, input().getAttribute('aria-expanded')]).toEqual([0, 'false']);
    await type('zzzz');
    asked.at(-1)!.fail();
    await vi.advanceTimersByTimeAsync(0);
    expect(note()).toContain('no answer');
    await type('');
    expect(note()).toContain('12th best');
  });
  it('paints the thumbnails, and again when asked, while it is open', async () => {
    await type('ada');
    await answer(Array.from({ length: 20 }, (_, i) => photo(i)));
    expect(painted).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    search.repaint();
    expect(painted).toHaveLength(16);
    search.close();
    search.repaint();
    expect(painted).toHaveLength(16);
  });
  it('asks anew when it is opened again', async () => {
    await type('ada');
    await answer([photo(1)]);
    search.close();
    search.open();
    expect(options()).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    await answer([photo(2)]);
    expect(asked).toHaveLength(2);
    expect(options()).toHaveLength(1);
  });
  it('a pointer outside shuts it, one inside does not', () => {
    input().dispatchEvent(new PointerEvent('pointerdown', { bubbles: true, composed: true }));
    expect(search.isOpen).toBe(true);
    document.querySelector('button')!.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true, composed: true }));
    expect(search.isOpen).toBe(false);
  });
});

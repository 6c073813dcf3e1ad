// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { passes, type Only } from './colours';
import { axisOf, counted, Legend, rangeAt, sharesOf, written } from './legend';
import type { Facet } from './types';

const facetOf = (kind: Facet['kind'], more: Partial<Facet> = {}): Facet =>
  ({ key: 'it', label: 'It', kind, unit: '', count: 0, low: null, high: null, values: [], ...more });
const brightness = facetOf('number', { label: 'Brightness', unit: '%', low: 0, high: 1 });
const even = Float32Array.from({ length: 1001 }, (_, i) => i / 1000);
const allOf = (values: Float32Array) => Int32Array.from(values, (_, i) => i);

describe('the axis', () => {
  it('writes numbers as people read them', () => {
    const axis = axisOf(brightness, even);
    expect(written(brightness, 0.352, axis)).toBe('35 %');
    expect(written(facetOf('number', { unit: '°' }), -12.04, { digits: 1 })).toBe('−12.0°');
    expect(written(facetOf('number', { unit: '°' }), -0.2, { digits: 0 })).toBe('0°');
    expect(axisOf(facetOf('number', { low: 0, high: 1 }), even).digits).toBe(2);
    expect(axisOf(facetOf('number', { low: 0, high: 4000 }), even.map((v) => 3999.5 * v)).digits).toBe(0);
  });
  it('gives whole numbers a bar each', () => {
    const people = facetOf('number', { low: 1, high: 7 }), axis = axisOf(people, Float32Array.of(1, 2, NaN, 7, 7));
    expect(axis).toMatchObject({ bars: 7, from: 0.5, to: 7.5 });
    for (let low = 1; low <= 7; low++) for (let high = low; high <= 7; high++)
      expect(rangeAt(people, axis, ...sharesOf(axis, { low, high }))).toEqual({ low, high });
    expect(rangeAt(people, axis, 0.3, 0.31)).toEqual({ low: 3, high: 3 });
  });
  it('a range comes back from its shares of the axis, in short numbers', () => {
    const axis = axisOf(brightness, even);
    for (const [low, high] of [[0.2, 0.8], [0, 0.07], [0.55, 1]] as const)
      expect(rangeAt(brightness, axis, ...sharesOf(axis, { low, high }))).toEqual({ low, high });
    expect(rangeAt(brightness, axis, 0.123456, 0.5)).toEqual({ low: 0.12, high: 0.5 });
  });
  it('its end takes in what is beyond it', () => {
    const values = even.map((v) => (v === 1 ? 50 : v)), facet = facetOf('number', { low: 0, high: 50 });
    const axis = axisOf(facet, values);
    expect(axis.to).toBeLessThan(1.1);
    const only = rangeAt(facet, axis, 0.5, 1);
    expect(passes(values, only)[1000]).toBe(1);
    expect(passes(values, rangeAt(facet, axis, 0.5, 0.99))[1000]).toBe(0);
  });
  it('counts the photos of the given ranks alone', () => {
    const { counts, unknown } = counted(Float32Array.of(0, 1, 1, NaN, 2, NaN), Int32Array.of(1, 2, 3, 4), 3, (v) => v);
    expect([[...counts], unknown]).toEqual([[0, 2, 1], 1]);
  });
});

describe('Legend', () => {
  let said: (Only | null)[], closed: number, legend: Legend, frames: (() => void)[];
  const frame = () => frames.splice(0).forEach((run) => run());
  const one = <T extends HTMLElement>(selector: string, i = 0) => legend.box.querySelectorAll<T>(selector)[i]!;
  const press = (target: HTMLElement, key: string, more = {}) =>
    target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }));
  const point = (type: string, share: number) =>
    one('.plot').dispatchEvent(new PointerEvent(`pointer${type}`, { clientX: 100 + 200 * share, pointerId: 1, bubbles: true }));
  const drag = (...shares: number[]) => {
    point('down', shares[0]!);
    for (const share of shares.slice(1)) point('move', share);
    point('up', shares.at(-1)!);
    frame();
  };
  beforeEach(() => {
    [said, closed, frames] = [[], 0, []];
    vi.stubGlobal('requestAnimationFrame', (run: () => void) => frames.push(run));
    vi.stubGlobal('cancelAnimationFrame', () => { frames = []; });
    legend = new Legend((only) => said.push(only), () => closed++);
    document.body.replaceChildren(legend.box);
  });
  const showNumbers = (only: Only | null = null, facet = brightness, values = even) => {
    legend.show(facet, values, only, allOf(values));
    const plot = one('.plot');
    plot.getBoundingClientRect = () => ({ left: 100, width: 200 }) as DOMRect;
    Object.defineProperty(plot, 'clientWidth', { value: 200 });
    plot.setPointerCapture = () => {};
  };

  it('is there only with a facet, and says when it is closed', () => {
    expect(legend.box.hidden).toBe(true);
    showNumbers();
    expect(legend.box.hidden).toBe(false);
    expect(one('h3').textContent).toBe('Brightness');
    one('.shut-legend').click();
    expect(closed).toBe(1);
    legend.show(null, null, null, allOf(even));
    expect(legend.box.hidden).toBe(true);
  });
  it('a histogram: the bars are as high as there are photos', () => {
    const values = Float32Array.of(0.01, 0.01, 0.01, 0.01, 0.99, 0.99, NaN);
    legend.show(brightness, values, null, allOf(values));
    const bars = [...legend.box.querySelectorAll<HTMLElement>('.bars b')];
    expect(bars).toHaveLength(32);
    const heights = [0, 31, 5].map((i) => [parseFloat(bars[i]!.style.height), parseFloat(bars[i]!.style.minHeight)]);
    expect(heights).toEqual([[100, 2], [50, 2], [0, 0]]);
    expect(new Set(bars.map((bar) => bar.style.background)).size).toBe(32);
    expect(one('.unknown').textContent).toBe('1 not known');
    legend.show(brightness, values, null, Int32Array.of(0, 4));
    expect(bars[31]!.style.height).toContain('100.0%');
    expect(one('.unknown').hidden).toBe(true);
  });
  it('a drag selects a range, whichever way it goes, said once a frame', () => {
    showNumbers();
    drag(0.2, 0.3, 0.5, 0.6);
    expect(said).toEqual([{ low: 0.2, high: 0.6 }]);
    expect(one('.chosen').textContent).toBe('20 % – 60 %');
    drag(0.9, 0.8, 0.7);
    expect(said.at(-1)).toEqual({ low: 0.7, high: 0.9 });
  });
  it('a handle is dragged, also past the other, and the range as a whole', () => {
    showNumbers({ low: 0.4, high: 0.6 });
    drag(0.42, 0.2);
    expect(said.at(-1)).toEqual({ low: 0.2, high: 0.6 });
    drag(0.2, 0.9);
    expect(said.at(-1)).toEqual({ low: 0.6, high: 0.9 });
    drag(0.75, 0.5);
    expect(said.at(-1)).toEqual({ low: 0.35, high: 0.65 });
    drag(0.5, -3);
    expect(said.at(-1)).toEqual({ low: 0, high: 0.3 });
  });
  it('a click alone changes nothing; two clear it, and so do “all” and a drag over everything', () => {
    showNumbers({ low: 0.4, high: 0.6 });
    drag(0.1, 0.105);
    expect(said).toEqual([]);
    for (const act of [() => one('.plot').dispatchEvent(new MouseEvent('dblclick')), () => one('.all').click()]) {
      legend.show(brightness, even, { low: 0.4, high: 0.6 }, allOf(even));
      expect(one('.all').hidden).toBe(false);
      act();
      frame();
      expect(said.at(-1)).toBe(null);
      expect(one('.all').hidden).toBe(true);
    }
    drag(0, 0.4);
    drag(0.4, -1);
    expect(said.slice(-2)).toEqual([{ low: 0.4, high: 1 }, null]);
  });
  it('two sliders for the keyboard, that do not pass each other', () => {
    showNumbers({ low: 0.4, high: 0.6 });
    const [low, high] = [one('[role=slider]', 0), one('[role=slider]', 1)];
    expect([low.getAttribute('aria-valuetext'), high.getAttribute('aria-valuetext')]).toEqual(['40 %', '60 %']);
    press(low, 'ArrowRight');
    press(high, 'ArrowLeft', { shiftKey: true });
    frame();
    expect(said).toEqual([{ low: 0.41, high: 0.5 }]);
    expect(low.getAttribute('aria-valuetext')).toBe('41 %');
    press(low, 'End');
    frame();
    expect(said.at(-1)).toEqual({ low: 0.5, high: 0.5 });
    press(low, 'Home');
    press(high, 'End');
    frame();
    expect(said.at(-1)).toBe(null);
  });
  it('the keys reach every value, and do not move the map', () => {
    showNumbers(null, facetOf('number', { low: 1, high: 4 }), Float32Array.of(1, 2, 3, 4));
    const low = one('[role=slider]', 0), reached: unknown[] = [];
    let heard = 0;
    document.body.onkeydown = () => heard++;
    for (let i = 0; i < 4; i++) { press(low, 'ArrowRight'); reached.push(low.getAttribute('aria-valuenow')); }
    expect(reached).toEqual(['2', '3', '4', '4']);
    expect(heard).toBe(0);
    press(low, 'Escape');
    expect(heard).toBe(1);
  });
  it('what comes back late does not undo what is dragged', () => {
    showNumbers();
    point('down', 0.2);
    point('move', 0.5);
    frame();
    point('move', 0.7);
    legend.show(brightness, even, said[0]!, allOf(even));
    expect(one('.chosen').textContent).toBe('20 % – 70 %');
    point('up', 0.7);
    frame();
    expect(said.at(-1)).toEqual({ low: 0.2, high: 0.7 });
    legend.show(brightness, even, null, allOf(even));
    expect(one('.chosen').textContent).toBe('');
  });
  it('rows of a choice are switched on and off', () => {
    const facet = facetOf('choice', { values: [['a', 3], ['b', 2], ['c', 1]] }), values = Float32Array.of(0, 0, 0, 1, 1, 2, NaN);
    legend.show(facet, values, null, allOf(values));
    const texts = () => [...legend.box.querySelectorAll('.codes button')].map((row) => row.textContent);
    expect(texts()).toEqual(['a3', 'b2', 'c1']);
    const click = (i: number) => { one('.codes button', i).click(); frame(); return said.at(-1); };
    expect(click(1)).toEqual({ codes: [1] });
    expect(one('.codes button', 1).getAttribute('aria-pressed')).toBe('true');
    expect(click(0)).toEqual({ codes: [1, 0] });
    expect(click(1)).toEqual({ codes: [0] });
    expect(click(0)).toBe(null);
    click(0);
    click(1);
    expect(click(2)).toBe(null);
  });
  it('yes before no, and another facet starts anew', () => {
    const facet = facetOf('yes_no', { values: [[false, 2], [true, 1]] }), values = Float32Array.of(0, 0, 1);
    showNumbers({ low: 0.4, high: 0.6 });
    drag(0.42, 0.2);
    legend.show(facet, values, null, allOf(values));
    expect([...legend.box.querySelectorAll('.codes button')].map((row) => row.textContent)).toEqual(['yes1', 'no2']);
    one('.codes button').click();
    frame();
    expect(said.at(-1)).toEqual({ codes: [1] });
    one('.codes button').click();
    legend.show(null, null, null, allOf(values));
    frame();
    expect(said).toHaveLength(2);
  });
});

// The legend: what the colours mean, how many photos have each, and the place to select some of them.
// In: a facet, its values by rank, what is selected, and the ranks that count. Out: onOnly(what is selected now).

import { codesOf, colourOf, css, GREY, nameOf, spanOf, type Only } from './colours';
import { clamp, element } from './dom';
import type { Facet } from './types';

const BARS = 32;
const GRIP = 14; // px around a handle that take hold of it
const STILL = 3; // px that a click may slip
const STEPS: Record<string, number> = {
  ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity,
};

/** The axis of a facet of numbers, from its left to its right edge. */
export interface Axis {
  from: number;
  to: number;
  bars: number;
  half: number; // whole numbers stand in the middle of their bars: half a bar; else 0
  digits: number; // after the point, of a number as it is shown
  places: number; // after the point, of a number that is selected: two more where it is shown in percent
}
export function axisOf(facet: Facet, values: Float32Array): Axis {
  const { low, high } = spanOf(facet, values), whole = high - low < BARS && high > low && values.every((v) => !(v % 1));
  const half = whole ? 0.5 : 0, percent = facet.unit === '%', shown = (high - low || 1) * (percent ? 100 : 1);
  const digits = whole ? 0 : clamp(2 - Math.round(Math.log10(shown)), 0, 8);
  const bars = whole ? high - low + 1 : BARS, places = digits + (percent ? 2 : 0);
  return { from: low - half, to: high + half, bars, half, digits, places };
}
/** A number as people read it, with its unit. */
export function written(facet: Facet, value: number, { digits }: Pick<Axis, 'digits'>): string {
  const text = (facet.unit === '%' ? 100 * value : value).toFixed(digits).replace(/^-(0\.?0*)$/, '$1').replace('-', '−');
  return facet.unit === '%' ? `${text} %` : text + facet.unit;
}
/** The range between two shares of the axis; an end of the axis stands for all that is beyond it. */
export function rangeAt(facet: Facet, axis: Axis, left: number, right: number): { low: number; high: number } {
  const { from, to, half, places } = axis;
  const value = (share: number, inwards: number) => Number((from + share * (to - from) + inwards).toFixed(places));
  const low = left <= 0 ? facet.low ?? from : value(left, half), high = right >= 1 ? facet.high ?? to : value(right, -half);
  return { low, high: Math.max(low, high) };
}
/** The two shares of the axis that a range lies between. */
export function sharesOf({ from, to, half }: Axis, { low, high }: { low: number; high: number }): [number, number] {
  return [clamp((low - half - from) / (to - from), 0, 1), clamp((high + half - from) / (to - from), 0, 1)];
}
/** Photos of these ranks in each of n groups, and without a value. */
export function counted(
  values: Float32Array, ranks: Int32Array, n: number, group: (value: number) => number,
): { counts: Uint32Array; unknown: number } {
  const counts = new Uint32Array(n);
  let unknown = 0;
  for (const rank of ranks) {
    const value = values[rank]!;
    if (value === value) counts[group(value)]!++;
    else unknown++;
  }
  return { counts, unknown };
}

export class Legend {
  readonly box = element('section', { class: 'legend', hidden: '' });
  private readonly title = element('h3');
  private readonly all = element('button', { class: 'all', title: 'Select all again', hidden: '' }, 'all');
  private readonly body = element('div', { class: 'body' });
  private readonly unknown = element('p', { class: 'unknown' });
  private facet: Facet | null = null;
  private values: Float32Array | null = null;
  private ranks: Int32Array | null = null;
  private only: Only | null = null;
  private kind: Numbers | Codes | null = null;
  private frame = 0; // of the next onOnly

  constructor(private readonly onOnly: (only: Only | null) => void, onClose: () => void) {
    const shut = element('button', { class: 'shut-legend', 'aria-label': 'No colours', title: 'No colours' }, '×');
    shut.onclick = onClose;
    this.all.onclick = () => { this.select(null); this.kind?.focus(); };
    const key = element('i');
    key.style.background = css(GREY);
    this.unknown.append(key, '');
    this.box.append(element('header', {}, this.title, this.all, shut), this.body, this.unknown);
    this.box.onkeydown = (event) => { if (event.key !== 'Escape') event.stopPropagation(); }; // arrows would move the map too
  }

  show(facet: Facet | null, values: Float32Array | null, only: Only | null, ranks: Int32Array): void {
    this.box.hidden = !facet || !values;
    if (!facet || !values) { this.forget(); return; }
    const other = facet !== this.facet || values !== this.values, fresh = other || ranks !== this.ranks;
    if (other) {
      this.forget();
      const select = (chosen: Only | null) => this.select(chosen);
      this.kind = facet.kind === 'number' ? new Numbers(facet, values, select) : new Codes(facet, select);
      this.body.replaceChildren(this.kind.box);
      this.title.textContent = this.title.title = facet.label;
      this.box.setAttribute('aria-label', `Colours: ${facet.label}`);
    }
    Object.assign(this, { facet, values, ranks });
    if (fresh) {
      const unknown = this.kind!.count(values, ranks);
      this.unknown.hidden = !unknown;
      this.unknown.lastChild!.textContent = `${unknown.toLocaleString('en')} not known`;
    }
    if (!this.frame && !this.kind!.held) this.draw(only); // else it is the echo of an earlier word of ours
  }
  private forget(): void {
    cancelAnimationFrame(this.frame);
    Object.assign(this, { frame: 0, facet: null, values: null, ranks: null, only: null, kind: null });
    this.body.replaceChildren();
  }
  private draw(only: Only | null): void {
    this.only = only;
    this.all.hidden = !only;
    this.kind!.draw(only);
  }
  /** Shows it at once, and says it with the next frame. */
  private select(only: Only | null): void {
    this.draw(only);
    this.frame ||= requestAnimationFrame(() => { this.frame = 0; this.onOnly(this.only); });
  }
}

/** Numbers: a histogram in the colours of the scale, and a range of it. */
class Numbers {
  readonly box: HTMLElement;
  held: ((share: number) => void) | null = null; // what a pointer drags
  private readonly axis: Axis;
  private readonly bars: HTMLElement[];
  private readonly plot = element('div', { class: 'plot' });
  private readonly shades = [element('div', { class: 'shade' }), element('div', { class: 'shade' })];
  private readonly handles: HTMLElement[];
  private readonly chosen = element('span', { class: 'chosen' });
  private range: { low: number; high: number };

  constructor(private readonly facet: Facet, values: Float32Array, private readonly select: (only: Only | null) => void) {
    const axis = (this.axis = axisOf(facet, values)), { from, to, bars, half } = axis;
    const span = spanOf(facet, values), [low, high] = [facet.low ?? from, facet.high ?? to];
    this.range = { low, high };
    this.bars = Array.from({ length: bars }, (_, i) => {
      const bar = element('b');
      bar.style.background = css(colourOf(facet, from + ((i + 0.5) / bars) * (to - from), span));
      return bar;
    });
    this.handles = ['from', 'to'].map((end, i) => {
      const made = element('div', {
        class: 'handle', role: 'slider', tabindex: 0, 'aria-label': `${facet.label} ${end}`,
        'aria-valuemin': low, 'aria-valuemax': high,
      });
      made.onkeydown = (event) => this.key(event, i);
      return made;
    });
    this.plot.append(element('div', { class: 'bars' }, ...this.bars), ...this.shades, ...this.handles);
    const end = (sign: string, value: number) => element('span', {}, sign + written(facet, value, axis));
    this.box = element('div', { class: 'numbers' }, this.plot, element('div', { class: 'axis' },
      end(from + half > low ? '≤ ' : '', from + half), this.chosen, end(to - half < high ? '≥ ' : '', to - half)));
    this.listen();
  }
  focus(): void { this.handles[0]!.focus(); }

  count(values: Float32Array, ranks: Int32Array): number {
    const { from, to, bars } = this.axis, scale = bars / (to - from || 1);
    const { counts, unknown } = counted(values, ranks, bars, (v) => clamp(Math.floor((v - from) * scale), 0, bars - 1));
    const most = Math.max(1, ...counts);
    this.bars.forEach((bar, i) => {
      bar.style.height = `${((100 * counts[i]!) / most).toFixed(1)}%`;
      bar.style.minHeight = counts[i] ? '2px' : '0';
    });
    return unknown;
  }
  draw(only: Only | null): void {
    const { facet, axis } = this, whole = { low: facet.low ?? axis.from, high: facet.high ?? axis.to };
    this.range = only && 'low' in only ? only : whole;
    const [left, right] = sharesOf(axis, this.range), percent = (share: number) => `${100 * share}%`;
    this.plot.classList.toggle('some', Boolean(only));
    this.shades[0]!.style.width = percent(left);
    this.shades[1]!.style.width = percent(1 - right);
    const { low, high } = this.range, text = [low, high].map((value) => written(facet, value, axis));
    this.handles.forEach((handle, i) => {
      handle.style.left = percent([left, right][i]!);
      handle.setAttribute('aria-valuenow', String([low, high][i]));
      handle.setAttribute('aria-valuetext', text[i]!);
    });
    this.chosen.textContent = only ? (text[0] === text[1] ? text[0]! : text.join(' – ')) : '';
  }
  private choose(left: number, right: number): void {
    this.select(left <= 0 && right >= 1 ? null : rangeAt(this.facet, this.axis, clamp(left, 0, 1), clamp(right, 0, 1)));
  }

  private listen(): void {
    const { plot } = this, shareAt = (event: PointerEvent) => {
      const { left, width } = plot.getBoundingClientRect();
      return (event.clientX - left) / (width || 1);
    };
    let start = 0;
    plot.onpointerdown = (event) => {
      if (event.button) return;
      start = event.clientX;
      plot.setPointerCapture?.(event.pointerId);
      this.held = this.grip(shareAt(event), GRIP / (plot.clientWidth || 1));
    };
    plot.onpointermove = (event) => {
      if (!this.held || Math.abs(event.clientX - start) < STILL) return;
      start = Infinity; // it is a drag from now on
      this.held(shareAt(event));
    };
    plot.onpointerup = plot.onpointercancel = plot.onlostpointercapture = () => { this.held = null; };
    plot.ondblclick = () => this.select(null);
  }
  /** What a pointer put down at a share of the axis will do when it moves. */
  private grip(at: number, reach: number): (share: number) => void {
    const [left, right] = sharesOf(this.axis, this.range), stretch = (fixed: number) => (share: number) =>
      this.choose(Math.min(fixed, share), Math.max(fixed, share));
    const toLeft = Math.abs(at - left), toRight = Math.abs(at - right);
    if (Math.min(toLeft, toRight) <= reach) return stretch(toLeft < toRight ? right : left);
    if (at < left || at > right || right - left >= 1) return stretch(at);
    return (share) => {
      const moved = clamp(left + share - at, 0, 1 - (right - left));
      this.choose(moved, moved + (right - left));
    };
  }
  private key(event: KeyboardEvent, i: number): void {
    const { facet, axis: { from, to, half, places } } = this, step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const end = i ? 'high' : 'low', ends = { low: facet.low ?? from, high: facet.high ?? to }, least = 10 ** -places;
    const unit = half ? 1 : Math.max(1, Math.round((to - from) / 100 / least)) * least;
    // an end beyond the axis, where the few far-out values are, is left from the axis' own end
    const next = clamp(this.range[end], from + half, to - half) + step * unit * (event.shiftKey && Math.abs(step) === 1 ? 10 : 1);
    const beyond = next < from + half + least / 2 ? ends.low : next > to - half - least / 2 ? ends.high : null;
    const value = beyond ?? Number(next.toFixed(places));
    const range = { ...this.range, [end]: i ? Math.max(value, this.range.low) : Math.min(value, this.range.high) };
    this.select(range.low <= ends.low && range.high >= ends.high ? null : range);
  }
}

/** Yes and no, or the values of a choice: a row for each, to be switched on and off. */
class Codes {
  readonly box = element('div', { class: 'codes', role: 'group' });
  readonly held = null;
  private readonly rows: { code: number; row: HTMLButtonElement; bar: HTMLElement; count: HTMLElement }[];
  private codes: number[] = [];

  constructor(private readonly facet: Facet, private readonly select: (only: Only | null) => void) {
    this.box.setAttribute('aria-label', facet.label);
    this.rows = codesOf(facet).map(([code]) => {
      const key = element('i'), bar = element('u'), count = element('span', { class: 'count' }), name = nameOf(facet, code);
      const row = element('button', { title: name }, key, element('span', { class: 'value' }, name), count, bar);
      key.style.background = bar.style.background = css(colourOf(facet, code));
      row.onclick = () => this.toggle(code);
      return { code, row, bar, count };
    });
    this.box.append(...this.rows.map(({ row }) => row));
  }
  focus(): void { this.rows[0]?.row.focus(); }

  count(values: Float32Array, ranks: Int32Array): number {
    const { counts, unknown } = counted(values, ranks, Math.max(2, this.facet.values.length), (v) => v);
    const most = Math.max(1, ...counts);
    for (const { code, row, bar, count } of this.rows) {
      count.textContent = counts[code]!.toLocaleString('en');
      bar.style.setProperty('--share', String(counts[code]! / most));
      row.classList.toggle('none', !counts[code]);
    }
    return unknown;
  }
  draw(only: Only | null): void {
    this.codes = only && 'codes' in only ? only.codes : [];
    this.box.classList.toggle('some', Boolean(only));
    for (const { code, row } of this.rows) row.setAttribute('aria-pressed', String(this.codes.includes(code)));
  }
  private toggle(code: number): void {
    const codes = this.codes.includes(code) ? this.codes.filter((c) => c !== code) : [...this.codes, code];
    this.select(codes.length && codes.length < this.rows.length ? { codes } : null);
  }
}

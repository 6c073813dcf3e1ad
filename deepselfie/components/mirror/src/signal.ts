// Numbers that come frame by frame: smoothed, counted, and the best of the last seconds kept.

/** Follows a value: after `seconds` of a new one, 63 % of the way to it. */
export class Smooth {
  value: number | null = null;
  private at = 0;
  constructor(private readonly seconds: number) {}
  /** now: milliseconds. */
  add(value: number, now: number): number {
    const share = this.value === null ? 1 : 1 - Math.exp(-(now - this.at) / 1000 / this.seconds);
    this.at = now;
    return (this.value = (this.value ?? 0) + share * (value - (this.value ?? 0)));
  }
}

/** How many a second, over the last two. */
export class Rate {
  private times: number[] = [];
  add(now: number): number {
    this.times = [...this.times.filter(t => now - t <= 2000), now];
    const span = now - this.times[0];
    return span > 0 ? 1000 * (this.times.length - 1) / span : 0;
  }
}

export interface Moment { score: number; at: number; pixels: ArrayBuffer; side: number }

/** The best moment of the last seconds. Of each half second only the best is kept: a dozen frames, not a hundred. */
export class Moments {
  private kept: Moment[] = [];
  constructor(private readonly seconds = 5, private readonly bin = 500) {}
  add(moment: Moment): void {
    const last = this.kept.at(-1), bin = (m: Moment): number => Math.floor(m.at / this.bin);
    if (!last || bin(last) !== bin(moment)) this.kept.push(moment);
    else if (moment.score > last.score) this.kept[this.kept.length - 1] = moment;
    this.kept = this.recent(moment.at);
  }
  best(now: number): Moment | null {
    return this.recent(now).reduce<Moment | null>((a, b) => (a && a.score >= b.score ? a : b), null);
  }
  get length(): number { return this.kept.length; }
  /** The newest is among them however old it is: where a frame takes long, there is still one to keep. */
  private recent(now: number): Moment[] {
    return this.kept.filter((m, i) => now - m.at <= 1000 * this.seconds || i === this.kept.length - 1);
  }
}

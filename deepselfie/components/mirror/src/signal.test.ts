import { describe, expect, it } from 'vitest';
import { Moments, Rate, Smooth } from './signal';

const moment = (score: number, at: number): { score: number; at: number; pixels: ArrayBuffer; side: number } =>
  ({ score, at, pixels: new ArrayBuffer(4), side: 1 });

describe('Smooth', () => {
  it('begins at the first value and has gone 63 % of the way after its time, however many frames that took', () => {
    for (const frames of [1, 5, 50]) {
      const smooth = new Smooth(0.5);
      expect(smooth.add(0.2, 1000)).toBe(0.2);
      for (let i = 1; i <= frames; i++) smooth.add(1.2, 1000 + 500 * i / frames);
      expect(smooth.value).toBeCloseTo(0.2 + (1 - Math.exp(-1)), 9);
    }
  });
});

describe('Rate', () => {
  it('tells frames a second over the last two seconds alone', () => {
    const rate = new Rate();
    let told = 0;
    for (let t = 0; t < 3000; t += 250) told = rate.add(t);
    expect(told).toBeCloseTo(4, 9);
    for (let t = 3000; t < 6000; t += 50) told = rate.add(t);
    expect(told).toBeCloseTo(20, 9);
  });
});

describe('Moments', () => {
  it('finds the best of the last five seconds, as a look at all of them would', () => {
    const moments = new Moments(), all = [];
    for (let i = 0; i < 400; i++) {
      const next = moment((Math.sin(i * 12.9898) * 43758.5453) % 1, i * 37);
      all.push(next);
      moments.add(next);
      const recent = all.filter(m => next.at - m.at <= 5000), best = Math.max(...recent.map(m => m.score));
      const found = moments.best(next.at)!;
      // what lies in the half second that is just falling out may be gone before its time
      const sure = recent.filter(m => next.at - m.at <= 4500);
      expect(found.score).toBeLessThanOrEqual(best);
      expect(found.score).toBeGreaterThanOrEqual(Math.max(...sure.map(m => m.score)));
    }
  });
  it('keeps a dozen frames at most, even while scores only fall', () => {
    const moments = new Moments();
    for (let i = 0; i < 1000; i++) {
      moments.add(moment(-i, i * 20));
      expect(moments.length).toBeLessThanOrEqual(12);
    }
  });
  it('has the newest once all are old, and none before the first', () => {
    const moments = new Moments();
    expect(moments.best(0)).toBeNull();
    moments.add(moment(2, 0));
    moments.add(moment(1, 600));
    expect(moments.best(9000)!.score).toBe(1);
  });
});

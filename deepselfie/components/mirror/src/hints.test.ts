import { describe, expect, it } from 'vitest';
import { square, whyNot } from './camera';
import { hints, lean, light } from './hints';

const plain = (n: number, ...colours: number[][]): Uint8ClampedArray =>
  Uint8ClampedArray.from(Array.from({ length: n }, (_, i) => [...colours[i % colours.length], 255]).flat());

describe('light', () => {
  it('is the mean and the standard deviation of luma', () => {
    expect(light(plain(700, [255, 255, 255]))).toEqual({ brightness: expect.closeTo(1, 6), contrast: expect.closeTo(0, 6) });
    expect(light(plain(700, [0, 255, 0])).brightness).toBeCloseTo(0.587, 6);
    const halves = light(plain(1400, [0, 0, 0], [255, 255, 255]));
    expect(halves.brightness).toBeCloseTo(0.5, 6);
    expect(halves.contrast).toBeCloseTo(0.5, 6);
  });
});

describe('lean', () => {
  it('is the same with either sign of gravity, and turns with the screen', () => {
    const x = 9.81 * Math.sin(Math.PI / 6), y = 9.81 * Math.cos(Math.PI / 6);
    expect(lean(x, y, 0)).toBeCloseTo(30, 6);
    expect(lean(-x, -y, 0)).toBeCloseTo(30, 6);
    expect(lean(y, x, 90)).toBeCloseTo(30, 6);
    expect(lean(0.1, 0.3, 0)).toBeNull();
  });
});

describe('hints', () => {
  const fine = { brightness: 0.5, contrast: 0.2, tilt: 3, face: 0.35 };
  it('says nothing where nothing is to be mended', () => {
    expect(hints(fine)).toEqual([]);
    expect(hints({ ...fine, tilt: null, face: null })).toEqual([]);
  });
  it('asks for light in the dark, for less in glare, and not for contrast at the same time', () => {
    expect(hints({ ...fine, brightness: 0.1, contrast: 0.01 })).toEqual([expect.stringMatching(/^More light/)]);
    expect(hints({ ...fine, brightness: 0.95, contrast: 0.01 })).toEqual([expect.stringMatching(/^Less light/)]);
    expect(hints({ ...fine, contrast: 0.01 })).toEqual([expect.stringMatching(/flat/)]);
  });
  it('asks to step back', () => {
    expect(hints({ ...fine, face: 0.68 })).toEqual(['Step back: the face fills about 70 % of the height.']);
  });
  it('tells by how much the phone leans', () => {
    expect(hints({ ...fine, tilt: 14.4 })).toEqual([expect.stringContaining('14°')]);
  });
});

describe('the camera', () => {
  it('shows the middle, never larger than it is', () => {
    expect(square(1280, 720, 560)).toEqual({ x: 280, y: 0, from: 720, to: 560 });
    expect(square(480, 640, 560)).toEqual({ x: 0, y: 80, from: 480, to: 480 });
  });
  it('says in words why there is none, and what to do', () => {
    expect(whyNot('NotAllowedError')).toMatch(/refused.*Allow/);
    expect(whyNot('NotFoundError')).toMatch(/No camera/);
    expect(whyNot('NotReadableError')).toMatch(/another program/);
    expect(whyNot('AbortError')).toMatch(/AbortError/);
  });
});

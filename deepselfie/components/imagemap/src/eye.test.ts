import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Atlas } from './atlas';
import { homeOf, toScreen } from './camera';
import { Eye } from './eye';
import { layoutOf } from './layouts';

const n = 600, whole = { width: 900, height: 600 }, beside = { width: 620, height: 600 };
const wall = layoutOf('continuum', Int32Array.from({ length: n }, (_, i) => i), {} as Atlas, { ...whole, thumb: null, captions: false });
function eyed(): { eye: Eye; moved: ReturnType<typeof vi.fn> } {
  const moved = vi.fn(), eye = new Eye(moved);
  eye.view = { ...whole, dpr: 1, free: whole };
  eye.look(wall, null);
  return { eye, moved };
}
beforeEach(() => { vi.stubGlobal('matchMedia', () => ({ matches: true })); }); // nothing takes time
afterEach(() => { vi.unstubAllGlobals(); });

describe('Eye, when a panel opens over the photos', () => {
  it('goes on seeing all photos if it saw them all, and sees them as before once the panel is gone', () => {
    const { eye } = eyed(), before = eye.camera;
    eye.uncover(beside);
    expect(toScreen(eye.camera, eye.view, [wall.w, wall.h])[0]).toBeCloseTo(beside.width, 6);
    expect(eye.atHome).toBe(true);
    eye.uncover(whole);
    expect(eye.camera).toEqual(before);
  });
  it('stays where it is if it saw a part, and stays within the photos once the panel is gone', () => {
    const { eye, moved } = eyed();
    eye.move({ x: 0, y: 0, k: 3 * wall.home });
    const before = eye.camera, moves = moved.mock.calls.length;
    eye.uncover(beside);
    expect([eye.camera, moved.mock.calls.length]).toEqual([before, moves]);
    eye.move({ x: 1e9, y: 1e9, k: 3 * wall.home });
    expect(toScreen(eye.camera, eye.view, [wall.w, 0])[0]).toBeCloseTo(beside.width, 6);
    eye.uncover(whole);
    expect(toScreen(eye.camera, eye.view, [wall.w, 0])[0]).toBeCloseTo(whole.width, 6);
  });
  it('flies to photos so that the panel does not lie over them', () => {
    const { eye } = eyed();
    eye.uncover(beside);
    eye.goTo(315);
    expect(toScreen(eye.camera, eye.view, [wall.x[315]!, wall.y[315]!])[0]).toBeCloseTo(beside.width / 2, 6);
    for (const i of [0, n - 1, 315]) {
      eye.bring(i);
      const [px] = toScreen(eye.camera, eye.view, [wall.x[i]!, wall.y[i]!]);
      expect(px).toBeGreaterThan(0);
      expect(px).toBeLessThan(beside.width);
    }
    expect(homeOf(wall, eye.view).k).toBeLessThan(wall.home);
  });
});

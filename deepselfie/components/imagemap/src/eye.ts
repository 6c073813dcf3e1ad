// What is seen of the photos: their layout, the camera over it, and the two ways in which things move: the camera flies,
// and photos pass from one layout to the next.

import { absolute, between, bounded, centred, eased, homeOf, relative, sameView, toScreen, zoomed } from './camera';
import { clamp } from './dom';
import { hasPlace, sizeAt, zoomFor, type Layout } from './layouts';
import { levelFor, Lists, onScreen, standOf, type Scene, type Stand } from './scene';
import type { Camera, Family, Size, View } from './types';

const FLIGHT = 300, PASSAGE = 900; // ms: of the camera, and of the photos
export const REST = 120; // ms after the last movement, there is time to draw well
const SEEN_WELL = 48; // px: the side of a photo that one flies to
const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

interface Flight { from: Camera; to: Camera; start: number }
/** Photos on their way from where they were seen; `families`: where their thumbnails may be found. */
interface Passage { from: Stand; start: number; families: Family[] }

export class Eye {
  layout: Layout | null = null;
  camera: Camera = { x: 0, y: 0, k: 1 };
  view: View = { width: 0, height: 0, dpr: 1, free: { width: 0, height: 0 } };
  passage: Passage | null = null;
  private readonly lists = new Lists();
  private flight: Flight | null = null;
  private movedAt = -Infinity;

  /** moved: called when there is something new to see. */
  constructor(private readonly moved: () => void) {}

  /** The middle of what is free of the view, px. */
  get middle(): [number, number] { return [this.view.free.width / 2, this.view.free.height / 2]; }
  get flying(): boolean { return this.flight !== null; }
  get resting(): boolean { return performance.now() - this.movedAt > REST && !this.flight && !this.passage; }
  /** Whether the layout is seen as it is met. */
  get atHome(): boolean { return sameView(this.camera, homeOf(this.layout!, this.view)); }
  /** The camera as shares of the layout, for addresses and for memory. */
  get shares(): [number, number, number] { return relative(this.layout!, this.camera); }

  /** Another layout, or none; seen from `shares`, else as it is met. */
  look(layout: Layout, shares: [number, number, number] | null): void {
    this.layout = layout;
    this.flight = this.passage = null;
    this.camera = shares ? absolute(layout, this.view, shares) : homeOf(layout, this.view);
  }

  move(camera: Camera, animated = false): void {
    if (!this.layout) return;
    const target = bounded(this.layout, this.view, camera);
    this.flight = animated && !calm() ? { from: this.camera, to: target, start: performance.now() } : null;
    if (!this.flight) this.camera = target;
    this.movedAt = performance.now();
    this.moved();
  }
  pan(dx: number, dy: number): void {
    const { x, y, k } = this.camera;
    this.move({ x: x - dx / k, y: y - dy / k, k });
  }
  zoom(factor: number, at: [number, number] = this.middle, animated = true): void {
    if (this.layout) this.move(zoomed(this.layout, this.view, this.flight?.to ?? this.camera, factor, ...at), animated);
  }
  fit(): void { if (this.layout) this.move(homeOf(this.layout, this.view), true); }
  goBack(shares: [number, number, number]): void { if (this.layout) this.move(absolute(this.layout, this.view, shares), true); }
  /** Another part of the view is free. Who saw all photos goes on seeing them all; else nothing moves that may stay. */
  uncover(free: Size): void {
    const { layout, camera, view: { free: before } } = this, wasHome = layout && this.atHome;
    this.view = { ...this.view, free };
    if (!layout) return;
    const [right, bottom] = toScreen(camera, this.view, [layout.x0 + layout.w, layout.y0 + layout.h]);
    const hidden = right > free.width + 1 || (!layout.top && bottom > free.height + 1);
    if (wasHome && (hidden || free.width > before.width || free.height > before.height)) return this.fit();
    const target = this.flight?.to ?? this.camera, allowed = bounded(layout, this.view, target);
    if (!sameView(target, allowed)) this.move(allowed, true);
  }
  /** Brings photo i into view where it is not. */
  bring(i: number, animated = true): void {
    const { layout, view, camera } = this;
    if (!layout || !hasPlace(layout, i)) return;
    const x = layout.x[i]!, y = layout.y[i]!, [px, py] = toScreen(camera, view, [x, y]), edge = sizeAt(layout, camera.k) / 2;
    const inside = px > edge && py > edge && px < view.free.width - edge && py < view.free.height - edge;
    if (!inside) this.move(centred(view, x, y, camera.k), animated);
  }
  /** Flies to photo i, so near that it can be seen well. */
  goTo(i: number): void {
    const { layout, camera, view } = this;
    if (!layout || !hasPlace(layout, i)) return;
    this.move(centred(view, layout.x[i]!, layout.y[i]!, Math.max(camera.k, zoomFor(layout, SEEN_WELL))), true);
  }

  /** The camera of a frame; true while there are more to come of a flight. */
  fly(now: number): boolean {
    if (!this.flight) return false;
    const { from, to, start } = this.flight, t = clamp((now - start) / FLIGHT, 0, 1);
    this.camera = between(from, to, eased(t));
    this.movedAt = performance.now();
    if (t < 1) return true;
    this.camera = to;
    this.flight = null;
    this.moved();
    return false;
  }

  /** Where each photo is seen at this moment, also in the middle of a passage. */
  standNow(): Stand {
    const now = onScreen(this.layout!, this.camera, this.view);
    if (!this.passage) return now;
    const t = this.progress(performance.now()), { from } = this.passage;
    const mix = (a: Float32Array, b: Float32Array) => b.map((v, i) => a[i]! + (v - a[i]!) * t);
    return { ...now, x: mix(from.x, now.x), y: mix(from.y, now.y), size: from.size + (now.size - from.size) * t };
  }
  /** Begins a passage from where photos were seen; `was` gives the place that photo i had then, undefined for none. */
  depart(from: Stand, was: (i: number) => number | undefined): void {
    if (calm() || !this.layout) return;
    const to = onScreen(this.layout, this.camera, this.view);
    const along = (then: Float32Array, now: Float32Array) => now.map((v, i) => {
      const before = then[was(i) ?? -1];
      return before === undefined || Number.isNaN(before) ? v : before;
    });
    const { family } = this.layout;
    this.passage = {
      from: { ...from, x: along(from.x, to.x), y: along(from.y, to.y) }, start: performance.now(),
      families: [family, family === 'map' ? 'rank' : 'map'],
    };
    this.moved();
  }
  /** How far the passage is at a frame, 0..1. */
  private progress(now: number): number { return this.passage ? eased(clamp((now - this.passage.start) / PASSAGE, 0, 1)) : 1; }

  /** What a frame shows of these photos. */
  scene(now: number, photos: Pick<Scene, 'atlas' | 'ranks' | 'look' | 'paper'>): Scene {
    const { layout, camera, view, passage } = this, { atlas, look } = photos, stand = standOf(layout!, camera);
    const common = { ...photos, view, list: this.lists.of(layout!, camera, view, look, passage !== null) };
    if (!passage) {
      const level = levelFor(atlas, stand.size * view.dpr);
      return { ...common, from: stand, to: null, t: 0, level, families: [layout!.family], still: this.resting };
    }
    const { from, families } = passage, t = this.progress(now), size = from.size + (stand.size - from.size) * t;
    return { ...common, from, to: stand, t, level: levelFor(atlas, Math.min(size * view.dpr, 44)), families, still: false };
  }
}

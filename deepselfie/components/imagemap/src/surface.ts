// The stage's canvases: photos, by the renderer that suits this browser, and on or above them what the overlay draws.

import { CanvasRenderer } from './canvas';
import { FrameWatch, overruled, probe, wantsWebgl } from './choose';
import { element } from './dom';
import type { Renderer } from './renderer';
import { same, type Scene } from './scene';
import type { View } from './types';
import { WebglRenderer } from './webgl';

const PAUSE = 500; // ms without a frame: what came before says nothing of how fast frames are
const SETTLE = 300; // ms after the first thumbnails: they are to be seen before anything else is begun

export class Surface {
  context!: CanvasRenderingContext2D; // of the overlay
  private readonly watch = overruled() ? null : new FrameWatch();
  private renderer: Renderer;
  private unknown = wantsWebgl() === null;
  private settling: ReturnType<typeof setTimeout> | undefined;
  private drawnAt = -Infinity;
  private drawn: { key: unknown[]; pages: Set<string> } | null = null; // what the renderer's canvas shows

  /** redraw: asks for another frame. */
  constructor(private readonly stage: HTMLElement, private readonly redraw: () => void) {
    this.renderer = this.make(wantsWebgl() ?? false);
  }
  dispose(): void {
    clearTimeout(this.settling);
    this.renderer.dispose();
    Object.assign(this.context.canvas, { width: 0, height: 0 }); // gives the memory back at once
  }
  /** The photos are there: time to find out whether WebGL suits this browser, should that not be known. */
  settle(): void {
    if (!this.unknown) return;
    this.unknown = false;
    this.settling = setTimeout(() => { if (probe()) this.change(true); }, SETTLE);
  }

  private make(webgl: boolean): Renderer {
    const again = (): void => { this.drawn = null; this.redraw(); };
    const made = webgl ? new WebglRenderer(again, () => this.leaveWebgl()) : new CanvasRenderer();
    // in memory where the photos are too: without a GPU, drawing by its commands and reading back take twice as long
    this.context = element('canvas').getContext('2d', { willReadFrequently: !webgl })!;
    const canvases = made.canvas ? [made.canvas, this.context.canvas] : [this.context.canvas];
    canvases.forEach((canvas, i) => { canvas.className = i ? 'overlay' : 'photos'; });
    this.context.canvas.addEventListener('contextrestored', again);
    this.stage.replaceChildren(...canvases);
    this.stage.dataset.renderer = made.kind;
    return made;
  }
  /** WebGL has failed or is slow here. */
  private leaveWebgl(): void {
    if (this.renderer.kind === 'webgl') this.change(false);
  }
  private change(webgl: boolean): void {
    const { renderer: old, context: { canvas: before } } = this;
    this.renderer = this.make(webgl);
    this.drawn = null;
    Object.assign(this.context.canvas, { width: before.width, height: before.height });
    Object.assign(before, { width: 0, height: 0 });
    old.dispose();
    this.redraw();
  }

  resize({ width, height, dpr }: View): void {
    Object.assign(this.context.canvas, { width: Math.round(width * dpr), height: Math.round(height * dpr) });
  }
  /** Leaves the stage empty, but for what WebGL has drawn. */
  clear(): void {
    const { context, context: { canvas: { width, height } } } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
  }
  /** Draws the photos in the frame of time `now`, if they look other than before, with nothing above them yet; the
   *  context is scaled to CSS px. Returns the names of the pages that it would have needed. */
  draw(scene: Scene, now: number): Set<string> {
    const pause = now - this.drawnAt;
    this.drawnAt = now;
    if (this.renderer.kind === 'webgl' && !scene.still && pause < PAUSE && this.watch?.slow(pause)) this.leaveWebgl();
    const { atlas, list, look, paper, view, level, still, to } = scene, key = [atlas, list, look, paper, view, level, still, atlas.pages.landed];
    if (to || !same(key, this.drawn?.key)) this.drawn = { key: to ? [] : key, pages: this.renderer.draw(scene) };
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.renderer.show(this.context);
    this.context.setTransform(view.dpr, 0, 0, view.dpr, 0, 0);
    return new Set(this.drawn!.pages);
  }
}

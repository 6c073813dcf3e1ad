// The two canvases of the stage: photos, by the renderer that suits this browser, and above them what the overlay draws.

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
    stage.append(this.renderer.canvas, this.context.canvas);
  }
  dispose(): void {
    clearTimeout(this.settling);
    this.renderer.dispose();
  }
  /** The photos are there: time to find out whether WebGL suits this browser, should that not be known. */
  settle(): void {
    if (!this.unknown) return;
    this.unknown = false;
    this.settling = setTimeout(() => { if (probe()) this.change(true); }, SETTLE);
  }

  private make(webgl: boolean): Renderer {
    const again = (): void => { this.drawn = null; this.redraw(); };
    const made = webgl ? new WebglRenderer(again, () => this.leaveWebgl()) : new CanvasRenderer(again);
    made.canvas.className = 'photos';
    // in memory where the photos are too: without a GPU, drawing by its commands and reading back take twice as long
    this.context = element('canvas', { class: 'overlay' }).getContext('2d', { willReadFrequently: !webgl })!;
    this.stage.dataset.renderer = made.kind;
    return made;
  }
  /** WebGL has failed or is slow here. */
  private leaveWebgl(): void {
    if (this.renderer.kind === 'webgl') this.change(false);
  }
  private change(webgl: boolean): void {
    const { renderer: old, context: { canvas: overlay } } = this;
    this.renderer = this.make(webgl);
    this.drawn = null;
    Object.assign(this.context.canvas, { width: overlay.width, height: overlay.height });
    old.canvas.replaceWith(this.renderer.canvas);
    overlay.replaceWith(this.context.canvas);
    old.dispose();
    this.redraw();
  }

  resize({ width, height, dpr }: View): void {
    Object.assign(this.context.canvas, { width: Math.round(width * dpr), height: Math.round(height * dpr) });
  }
  /** Leaves the overlay empty, its context scaled to CSS px. */
  clear({ width, height, dpr }: View): void {
    this.context.setTransform(dpr, 0, 0, dpr, 0, 0);
    this.context.clearRect(0, 0, width, height);
  }
  /** Draws the photos in the frame of time `now`, if they look other than before: rings and outlines lie above them.
   *  Returns the names of the pages that it would have needed. */
  draw(scene: Scene, now: number): Set<string> {
    const pause = now - this.drawnAt;
    this.drawnAt = now;
    if (this.renderer.kind === 'webgl' && !scene.still && pause < PAUSE && this.watch?.slow(pause)) this.leaveWebgl();
    const { atlas, list, look, paper, view, level, still, to } = scene, key = [atlas, list, look, paper, view, level, still, atlas.pages.landed];
    if (to || !same(key, this.drawn?.key)) this.drawn = { key: to ? [] : key, pages: this.renderer.draw(scene) };
    return new Set(this.drawn!.pages);
  }
}

// The two canvases of the stage: photos, by the renderer that suits this browser, and above them what the overlay draws.

import { CanvasRenderer } from './canvas';
import { FrameWatch, overruled, wantsWebgl } from './choose';
import { element } from './dom';
import type { Renderer } from './renderer';
import type { Scene } from './scene';
import type { View } from './types';
import { WebglRenderer } from './webgl';

const PAUSE = 500; // ms without a frame: what came before says nothing of how fast frames are

export class Surface {
  private readonly overlay = element('canvas', { class: 'overlay' });
  readonly context = this.overlay.getContext('2d')!;
  private readonly watch = overruled() ? null : new FrameWatch();
  private renderer: Renderer;
  private drawnAt = -Infinity;

  /** redraw: asks for another frame. */
  constructor(private readonly stage: HTMLElement, private readonly redraw: () => void) {
    this.renderer = this.make(wantsWebgl());
    stage.append(this.renderer.canvas, this.overlay);
  }
  dispose(): void { this.renderer.dispose(); }

  private make(webgl: boolean): Renderer {
    const made = webgl ? new WebglRenderer(this.redraw, () => this.leaveWebgl()) : new CanvasRenderer(this.redraw);
    made.canvas.className = 'photos';
    this.stage.dataset.renderer = made.kind;
    return made;
  }
  /** WebGL has failed or is slow here. */
  private leaveWebgl(): void {
    if (this.renderer.kind === 'canvas') return;
    const old = this.renderer;
    this.renderer = this.make(false);
    old.canvas.replaceWith(this.renderer.canvas);
    old.dispose();
    this.redraw();
  }

  resize({ width, height, dpr }: View): void {
    Object.assign(this.overlay, { width: Math.round(width * dpr), height: Math.round(height * dpr) });
  }
  /** Leaves the overlay empty, its context scaled to CSS px. */
  clear({ width, height, dpr }: View): void {
    this.context.setTransform(dpr, 0, 0, dpr, 0, 0);
    this.context.clearRect(0, 0, width, height);
  }
  /** Draws the photos in the frame of time `now`; returns the names of the pages that it would have needed. */
  draw(scene: Scene, now: number): Set<string> {
    const pause = now - this.drawnAt;
    this.drawnAt = now;
    if (this.renderer.kind === 'webgl' && !scene.still && pause < PAUSE && this.watch?.slow(pause)) this.leaveWebgl();
    return this.renderer.draw(scene);
  }
}

// Draws a scene's photos. Two ways that give the same picture: WebGL2 where there is a GPU, else Canvas2D.

import type { Scene } from './scene';

export interface Renderer {
  readonly kind: 'webgl' | 'canvas';
  /** Where the photos are seen, if not on the overlay's canvas. */
  readonly canvas: HTMLCanvasElement | null;
  /** Draws, and returns the names of the pages that it would have needed. */
  draw(scene: Scene): Set<string>;
  /** Leaves the overlay's canvas with nothing on it but the photos, as drawn last, if it shows them. The context is not scaled. */
  show(on: CanvasRenderingContext2D): void;
  dispose(): void;
}

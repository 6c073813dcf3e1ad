// Draws a scene's photos. Two ways that give the same picture: WebGL2 where there is a GPU, else Canvas2D.

import type { Scene } from './scene';

export interface Renderer {
  readonly kind: 'webgl' | 'canvas';
  readonly canvas: HTMLCanvasElement;
  /** Draws, and returns the names of the pages that it would have needed. */
  draw(scene: Scene): Set<string>;
  dispose(): void;
}

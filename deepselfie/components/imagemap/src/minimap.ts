// The whole layout in small, with a frame around what is in view. A convenience for pointers: keys have the arrows.

import type { Atlas } from './atlas';
import { clamp, element } from './dom';
import { hasPlace, sizeAt, type Layout } from './layouts';
import { DIM, type Look } from './scene';
import type { Camera, View } from './types';

const WIDE = 132, LEAST = 60; // px; the style sheet makes it smaller on narrow maps
const WHOLE = 0.7; // share of the layout in view from which on there is no need of it
const COARSE = 2; // device px per px, at most

/** The layout's extent, with room for the photos at its edges. */
interface Extent { x: number; y: number; w: number; h: number }

export class Minimap {
  readonly box: HTMLElement;
  private readonly canvas = element('canvas');
  private readonly frame = element('div', { class: 'frame' });
  private layout: Layout | null = null;
  private extent: Extent = { x: 0, y: 0, w: 1, h: 1 };
  private painted: unknown[] = [];
  private seen: Extent = this.extent;
  private camera: Camera = { x: 0, y: 0, k: 1 };
  private grip: [number, number] | null = null; // from the pointer to the middle of the view, in units, while one drags

  /** onMove: the visitor wants this place, in units of the layout, in the middle of the view. */
  constructor(private readonly onMove: (x: number, y: number) => void) {
    this.box = element('div', { class: 'minimap', 'aria-hidden': 'true', hidden: '' }, this.canvas, this.frame);
    this.box.onpointerdown = (event) => this.press(event);
    this.box.onpointermove = (event) => this.drag(event);
    this.box.onpointerup = this.box.onpointercancel = () => { this.grip = null; };
  }

  paint(atlas: Atlas, layout: Layout, camera: Camera, view: View, look: Look): void {
    if (layout !== this.layout) Object.assign(this, { layout, extent: extentOf(layout), grip: null });
    this.camera = camera;
    this.seen = seenOf(this.extent, camera, view);
    const hidden = !layout.ranks.length || this.seen.w * this.seen.h >= WHOLE * this.extent.w * this.extent.h;
    if (hidden !== this.box.hidden) this.box.hidden = hidden; // an attribute that is set again costs a frame a millisecond
    if (hidden) { this.grip = null; return; }
    this.paintPhotos(atlas, layout, look, clamp(view.dpr, 1, COARSE));
    this.placeFrame();
  }
  private paintPhotos(atlas: Atlas, layout: Layout, look: Look, dpr: number): void {
    const made = [atlas, layout, look.colour, look.dim, look.hidden, dpr];
    if (made.every((part, i) => part === this.painted[i])) return;
    this.painted = made;
    const high = clamp((WIDE * this.extent.h) / this.extent.w, LEAST, WIDE);
    const [width, height] = [Math.round(WIDE * dpr), Math.round(high * dpr)];
    Object.assign(this.canvas, { width, height });
    this.box.style.aspectRatio = `${WIDE} / ${high}`;
    const pixels = new Uint8ClampedArray(miniature(atlas, layout, look, width, height).buffer);
    this.canvas.getContext('2d')?.putImageData(new ImageData(pixels, width, height), 0, 0);
  }
  private placeFrame(): void {
    const { extent, seen } = this, share = (v: number) => `${(100 * v).toFixed(2)}%`;
    Object.assign(this.frame.style, {
      left: share((seen.x + seen.w / 2 - extent.x) / extent.w), top: share((seen.y + seen.h / 2 - extent.y) / extent.h),
      width: share(seen.w / extent.w), height: share(seen.h / extent.h),
    });
  }

  private place({ clientX, clientY }: PointerEvent): [number, number] {
    const { left, top, width, height } = this.canvas.getBoundingClientRect(), { x, y, w, h } = this.extent;
    return [x + ((clientX - left) / width) * w, y + ((clientY - top) / height) * h];
  }
  /** Taken by its frame, the view follows the pointer from where it is; elsewhere it goes there. */
  private press(event: PointerEvent): void {
    if (event.button > 0) return;
    const [u, v] = this.place(event), { x, y, w, h } = this.seen, within = u >= x && u <= x + w && v >= y && v <= y + h;
    this.box.setPointerCapture(event.pointerId);
    this.grip = within ? [this.camera.x - u, this.camera.y - v] : [0, 0];
    if (!within) this.drag(event);
    event.preventDefault(); // the map keeps the keyboard
  }
  private drag(event: PointerEvent): void {
    if (!this.grip) return;
    const [u, v] = this.place(event);
    this.onMove(u + this.grip[0], v + this.grip[1]);
  }
}

function extentOf(layout: Layout): Extent {
  const room = layout.columns ? 0 : sizeAt(layout, layout.home) / layout.home / 2;
  return { x: layout.x0 - room, y: layout.y0 - room, w: layout.w + 2 * room, h: layout.h + 2 * room };
}
/** The part of the layout that is in view. */
function seenOf({ x, y, w, h }: Extent, camera: Camera, view: View): Extent {
  const [u, v] = [view.width / 2 / camera.k, view.height / 2 / camera.k];
  const left = clamp(camera.x - u, x, x + w), right = clamp(camera.x + u, x, x + w);
  const top = clamp(camera.y - v, y, y + h), bottom = clamp(camera.y + v, y, y + h);
  return { x: left, y: top, w: right - left, h: bottom - top };
}

/** All photos as blocks of their mean colour, the best on top, those not selected faint and below: width x height
 *  pixels, 0xAABBGGRR row by row. */
export function miniature(atlas: Atlas, layout: Layout, look: Look, width: number, height: number): Uint32Array<ArrayBuffer> {
  const pixels = new Uint32Array(width * height), { x, y, w, h } = extentOf(layout), { ranks } = layout, { dim, hidden } = look;
  const colours = look.colour ?? atlas.colour, faint = (Math.round(255 * DIM) << 24) | 0xffffff;
  const side = layout.columns ? 1 : sizeAt(layout, layout.home) / layout.home;
  const across = (side * width) / w, down = (side * height) / h;
  for (let pass = dim && !hidden ? 0 : 1; pass < 2; pass++)
    for (let i = ranks.length - 1; i >= 0; i--) {
      const rank = ranks[i]!, selected = dim?.[rank] !== 1;
      if (selected !== (pass === 1) || !hasPlace(layout, i)) continue;
      const u = ((layout.x[i]! - x) * width) / w - across / 2, v = ((layout.y[i]! - y) * height) / h - down / 2;
      block(pixels, width, height, u, v, across, down, selected ? colours[rank]! : colours[rank]! & faint);
    }
  return pixels;
}
/** Fills a block from (u, v); each edge rounded by itself, so that neighbours meet, but at least one pixel. */
function block(
  pixels: Uint32Array, width: number, height: number, u: number, v: number, across: number, down: number, colour: number,
): void {
  const left = clamp(Math.round(u), 0, width - 1), right = clamp(Math.round(u + across), left + 1, width);
  const top = clamp(Math.round(v), 0, height - 1), bottom = clamp(Math.round(v + down), top + 1, height);
  for (let line = top; line < bottom; line++) pixels.fill(colour, line * width + left, line * width + right);
}

// Mouse, touch, wheel and keys over the map, said in what they mean: pan, zoom, hover, click, lasso. Points are px in the stage.

export type Point = [number, number];

/** What a pointer or a key may ask of the map. */
export interface Pointed {
  ready(): boolean; // there are photos, and they may be seen
  lassoArmed(): boolean; // the next drag draws a lasso
  pan(dx: number, dy: number): void;
  zoom(factor: number, at?: Point, animated?: boolean): void;
  /** The wheel; true where it did something, so that the page is not to scroll. */
  wheel(amount: number, at: Point, zooming: boolean): boolean;
  hover(at: Point | null): void;
  click(at: Point, reach: number): void;
  lasso(outline: Point[], done: boolean): void;
  walk(dx: number, dy: number): void; // to the next photo
  fit(): void;
  escape(): void;
}

const ARROWS: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
export const STEP = 1.8; // of a zoom by key or button
const HOLD = 450; // ms: a long press begins a lasso
const STILL = { mouse: 4, touch: 10 }; // px: a press that moves less is a click

export class Pointing {
  private readonly down = new Map<number, Point>();
  private moved = 0; // px since the press; Infinity once there were two fingers
  private outline: Point[] | null = null;
  private holding: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly stage: HTMLElement, private readonly map: Pointed, signal: AbortSignal) {
    const on = <Type extends keyof HTMLElementEventMap>(type: Type, act: (event: HTMLElementEventMap[Type]) => void) =>
      stage.addEventListener(type, act, { signal, passive: false });
    on('pointerdown', (event) => this.press(event));
    on('pointermove', (event) => this.move(event));
    on('pointerup', (event) => this.release(event, true));
    on('pointercancel', (event) => this.release(event, false));
    on('pointerleave', () => map.hover(null));
    on('wheel', (event) => this.wheel(event));
    on('dblclick', (event) => { if (map.ready()) map.zoom(2.2, this.at(event)); });
    on('keydown', (event) => this.key(event));
    on('contextmenu', (event) => { if (this.outline) event.preventDefault(); }); // a long press is a lasso here
    signal.addEventListener('abort', () => clearTimeout(this.holding));
  }
  /** Ends a lasso that is being drawn; true if there was one. */
  cancel(): boolean {
    const drawing = this.outline !== null;
    this.outline = null;
    if (drawing) this.map.lasso([], true);
    return drawing;
  }

  /** Where in the stage an event is; offsetX would be rounded, which a zoom makes visible. */
  private at({ clientX, clientY }: MouseEvent): Point {
    const { left, top } = this.stage.getBoundingClientRect();
    return [clientX - left, clientY - top];
  }
  private press(event: PointerEvent): void {
    if (event.button > 0) return;
    this.stage.setPointerCapture(event.pointerId);
    const at = this.at(event);
    this.down.set(event.pointerId, at);
    this.moved = this.down.size > 1 ? Infinity : 0;
    clearTimeout(this.holding);
    if (!this.map.ready()) return;
    if (this.down.size > 1) return void this.cancel();
    if (event.shiftKey || this.map.lassoArmed()) this.outline = [at];
    else if (event.pointerType !== 'mouse') this.holding = setTimeout(() => this.hold(at), HOLD);
  }
  private hold(at: Point): void {
    this.outline = [at];
    navigator.vibrate?.(15);
    this.map.lasso(this.outline, false);
  }
  private move(event: PointerEvent): void {
    if (!this.map.ready()) return;
    const at = this.at(event), held = this.down.get(event.pointerId), mouse = event.pointerType === 'mouse';
    if (!held) {
      if (mouse) this.map.hover(at);
      return;
    }
    const before = this.grip();
    this.moved += Math.hypot(at[0] - held[0], at[1] - held[1]);
    this.down.set(event.pointerId, at);
    if (this.outline) {
      this.outline.push(at);
      return this.map.lasso(this.outline, false);
    }
    if (this.moved < STILL[mouse ? 'mouse' : 'touch']) return;
    clearTimeout(this.holding);
    this.map.hover(null);
    const after = this.grip();
    this.map.pan(after.x - before.x, after.y - before.y);
    if (before.spread && after.spread) this.map.zoom(after.spread / before.spread, [after.x, after.y], false);
  }
  /** The middle of the fingers on the map, and how far two are apart. */
  private grip(): { x: number; y: number; spread: number } {
    const [a, b = a] = [...this.down.values()] as [Point, Point?];
    return { x: (a[0] + b[0]) / 2, y: (a[1] + b[1]) / 2, spread: Math.hypot(a[0] - b[0], a[1] - b[1]) };
  }
  private release(event: PointerEvent, up: boolean): void {
    clearTimeout(this.holding);
    const kind = event.pointerType === 'mouse' ? 'mouse' : 'touch', still = this.moved < STILL[kind], { outline } = this;
    if (!this.down.delete(event.pointerId) || !this.map.ready()) return;
    const drawn = outline && outline.length > 2; // a press that was held but never dragged is a click like any other
    if (outline) {
      this.outline = null;
      this.map.lasso(up && drawn ? outline : [], true);
    }
    if (up && still && !drawn) this.map.click(this.at(event), kind === 'mouse' ? 4 : 14);
  }
  private wheel(event: WheelEvent): void {
    if (!this.map.ready()) return;
    const amount = event.deltaY * (event.deltaMode ? 16 : 1);
    if (this.map.wheel(event.ctrlKey ? amount * 5 : amount, this.at(event), event.ctrlKey)) event.preventDefault();
  }
  private key(event: KeyboardEvent): void {
    const { map } = this, arrow = ARROWS[event.key], acts: Record<string, () => void> = {
      '+': () => map.zoom(STEP), '=': () => map.zoom(STEP), '-': () => map.zoom(1 / STEP), '0': () => map.fit(), Escape: () => map.escape(),
    };
    const act = arrow ? () => map.walk(...arrow) : acts[event.key];
    if (!act || !map.ready() || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }
}

// What is seen: the camera's picture, the dial, hints, and the best moment of the last seconds.

import { camera, square } from './camera';
import { Dial } from './dial';
import { element } from './dom';
import { usable } from './engines';
import { hints, lean, light } from './hints';
import { Moments, Rate, Smooth } from './signal';
import type { Answer, Data, Engine, Order } from './types';

const SIDE = 560; // px: below six times the network's 96, where Pillow squishes in one step, as the network's file does
const SNAPS = 4; // kept on the page
type State = 'off' | 'starting' | 'on' | 'failed';

export class Mirror {
  private readonly video = element('video', { playsinline: '', 'aria-label': 'What the camera sees, mirrored' });
  private readonly canvas = element('canvas');
  private readonly pen = this.canvas.getContext('2d', { willReadFrequently: true })!;
  private readonly dial = new Dial();
  private readonly note = element('p', { class: 'note', role: 'status' });
  private readonly hints = element('ul', { class: 'hints', role: 'status' });
  private readonly rate = element('small', { class: 'rate' });
  private readonly toggle = element('button', { class: 'toggle', type: 'button' });
  private readonly snap = element('button', { class: 'snap', type: 'button' }, 'Keep the best of the last 5 seconds');
  private readonly snaps = element('div', { class: 'snaps' });
  private readonly frame: HTMLElement;
  private worker: Promise<Worker> | undefined;
  private engine: Engine | undefined; // the worker's
  private readonly failed = new Set<Engine>();
  private stream: MediaStream | undefined;
  private turn = 0; // a start or stop makes what earlier ones began void
  private frames = 0;
  private tilt: number | null = null;
  private score = new Smooth(0.5);
  private brightness = new Smooth(1);
  private contrast = new Smooth(1);
  private face = new Smooth(1);
  private speed = new Rate();
  private moments = new Moments();

  constructor(root: ShadowRoot, readonly data: Data) {
    this.video.muted = true;
    this.frame = element('div', { class: 'mirror' },
      element('div', { class: 'stage' }, this.video, this.note),
      element('div', { class: 'panel' }, this.dial.element, this.hints,
        element('div', { class: 'buttons' }, this.toggle, this.snap), this.rate, this.snaps));
    root.append(this.frame);
    this.toggle.addEventListener('click', () => void (this.state === 'on' || this.state === 'starting' ? this.stop() : this.start()));
    this.snap.addEventListener('click', () => void this.keep());
    addEventListener('devicemotion', this.moved);
    this.become('off');
  }
  dispose(): void {
    this.stop();
    removeEventListener('devicemotion', this.moved);
    void this.worker?.then(worker => worker.terminate(), () => {});
    for (const a of this.snaps.querySelectorAll('a')) URL.revokeObjectURL(a.href);
    this.frame.remove();
  }

  private get state(): State { return this.frame.dataset.state as State; }
  private become(state: State, said = ''): void {
    this.frame.dataset.state = state;
    this.toggle.textContent = state === 'on' || state === 'starting' ? 'Stop' : state === 'failed' ? 'Start again' : 'Start the mirror';
    this.snap.disabled = true;
    this.note.textContent = said || (state === 'off' ? 'The camera is off.' : '');
    if (state === 'on') return;
    this.dial.show(null, 0);
    this.hints.replaceChildren();
    this.rate.textContent = '';
  }
  private async start(): Promise<void> {
    const turn = ++this.turn;
    this.become('starting', `Loading the network (up to ${this.data.megabytes.toFixed(0)} MB, only once) and asking for the camera …`);
    try {
      const [stream, worker] = await both(camera(), this.worker ??= this.load());
      if (turn !== this.turn) return halt(stream);
      this.stream = stream;
      this.video.srcObject = stream;
      await this.video.play();
      if (turn !== this.turn) return;
      this.score = new Smooth(0.5);
      this.moments = new Moments();
      this.speed = new Rate();
      worker.onmessage = ({ data }: MessageEvent<Answer>) => this.answered(worker, data);
      this.become('on');
      this.send(worker);
    } catch (error) {
      if (turn !== this.turn) return;
      this.stop();
      this.become('failed', (error as Error).message);
    }
  }
  private stop(): void {
    this.turn++;
    halt(this.stream);
    this.stream = undefined;
    this.video.srcObject = null;
    this.become('off');
  }
  /** The worker of the quickest engine that starts here, once the network is in it. */
  private async load(): Promise<Worker> {
    for (const engine of await usable(this.data.engines)) {
      if (this.failed.has(engine)) continue;
      this.engine = engine;
      try {
        return await this.started(engine);
      } catch {
        this.failed.add(engine);
      }
    }
    this.failed.clear(); // the next start tries all again
    this.worker = undefined;
    throw new Error('The network could not be loaded. Reload the page, or try another browser.');
  }
  private started(engine: Engine): Promise<Worker> {
    const whole = (address: string): string => new URL(address, document.baseURI).href;
    return new Promise<Worker>((done, failed) => {
      const worker = new Worker(whole(engine.worker), { type: 'module', name: engine.name });
      const fail = (): void => {
        worker.terminate();
        failed(new Error(`no ${engine.name}`));
      };
      worker.onerror = fail;
      worker.onmessage = ({ data }: MessageEvent<Answer>) => (data.kind === 'ready' ? done(worker) : fail());
      const order: Order = { kind: 'load', runtime: whole(engine.runtime), model: whole(this.data.model) };
      worker.postMessage(order);
    });
  }
  /** Hands the frame that is seen now to the network; the next goes when its score has come. */
  private send(worker: Worker): void {
    const { videoWidth, videoHeight } = this.video, part = square(videoWidth, videoHeight, SIDE);
    if (this.canvas.width !== part.to) this.canvas.width = this.canvas.height = part.to;
    this.pen.drawImage(this.video, part.x, part.y, part.from, part.from, 0, 0, part.to, part.to);
    const pixels = this.pen.getImageData(0, 0, part.to, part.to).data.buffer as ArrayBuffer;
    worker.postMessage({ kind: 'frame', pixels, side: part.to, turn: this.turn } satisfies Order, [pixels]);
  }
  private answered(worker: Worker, said: Answer): void {
    if (this.state !== 'on') return;
    if (said.kind !== 'score') {
      worker.terminate();
      this.worker = undefined;
      this.failed.add(this.engine!); // a lost graphics card: the next start does without it
      this.stop();
      return this.become('failed', 'The network stopped. Start again.');
    }
    if (said.turn !== this.turn) return; // of before the last stop
    const now = performance.now(), seen = light(new Uint8ClampedArray(said.pixels));
    this.frame.dataset.frames = String(++this.frames);
    this.moments.add({ score: said.score, at: now, pixels: said.pixels, side: said.side });
    this.dial.show(this.score.add(said.score, now), now);
    const rate = this.speed.add(now);
    this.rate.textContent = `${rate.toFixed(rate < 10 ? 1 : 0)} frames a second, ${said.ms.toFixed(0)} ms each, by ${this.engine!.name}`;
    const brightness = this.brightness.add(seen.brightness, now), contrast = this.contrast.add(seen.contrast, now);
    const face = said.face === null ? null : this.face.add(said.face, now);
    this.hint(hints({ brightness, contrast, tilt: this.tilt, face }));
    this.snap.disabled = false;
    const turn = this.turn;
    afterNextFrame(this.video, () => turn === this.turn && this.send(worker));
  }
  private hint(said: string[]): void {
    if (said.join() === [...this.hints.children].map(li => li.textContent).join()) return; // or it would be read out again
    this.hints.replaceChildren(...said.map(text => element('li', {}, text)));
  }
  private readonly moved = ({ accelerationIncludingGravity: g }: DeviceMotionEvent): void => {
    this.tilt = g?.x == null || g.y == null ? null : lean(g.x, g.y, screen.orientation?.angle ?? 0);
  };

  /** Puts the best moment on the page, to be saved: the very pixels that were scored. */
  private async keep(): Promise<void> {
    const best = this.moments.best(performance.now());
    if (!best) return;
    const canvas = element('canvas', { width: String(best.side), height: String(best.side) });
    canvas.getContext('2d')!.putImageData(new ImageData(new Uint8ClampedArray(best.pixels), best.side, best.side), 0, 0);
    const png = await new Promise<Blob | null>(done => canvas.toBlob(done, 'image/png'));
    if (!png) return;
    const percent = Math.round(100 * best.score), href = URL.createObjectURL(png);
    const link = element('a', { href, download: `selfie-${percent}.png`, 'data-score': best.score.toFixed(4) },
      element('img', { src: href, alt: `Kept moment, score ${percent} %` }), `${percent}\u2009% · save`);
    this.snaps.prepend(link);
    for (const old of [...this.snaps.querySelectorAll('a')].slice(SNAPS)) {
      URL.revokeObjectURL(old.href);
      old.remove();
    }
  }
}

function halt(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** Both, or the first's error; the camera is let go if the network cannot be loaded. */
async function both(stream: Promise<MediaStream>, worker: Promise<Worker>): Promise<[MediaStream, Worker]> {
  const had = await stream;
  try {
    return [had, await worker];
  } catch (error) {
    halt(had);
    throw error;
  }
}

function afterNextFrame(video: HTMLVideoElement, then: () => void): void {
  if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(then);
  else requestAnimationFrame(then);
}

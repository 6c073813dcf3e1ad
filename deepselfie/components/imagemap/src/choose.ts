// Which renderer a browser gets: WebGL2 where a GPU draws it, and only as long as it keeps up.

const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render|gdi generic/i;
const OVERRULED = 'deepselfie:renderer'; // in sessionStorage: 'webgl' or 'canvas', for tests and benchmarks
let probed: boolean | null = null;

/** null: not known before `probe`. */
export function wantsWebgl(): boolean | null {
  const wish = overruled();
  return wish === 'webgl' || wish === 'canvas' ? wish === 'webgl' : probed;
}
/** Finds out, which takes software GL a third of a second. */
export function probe(): boolean { return (probed ??= isDrawnByGpu()); }
/** The renderer that somebody asked for, and that is kept however slow it is. */
export function overruled(): string | null {
  try {
    return sessionStorage.getItem(OVERRULED);
  } catch {
    return null; // a browser that keeps nothing
  }
}
function isDrawnByGpu(): boolean {
  const gl = document.createElement('canvas').getContext('webgl2', { failIfMajorPerformanceCaveat: true });
  if (!gl) return false;
  const unmasked = gl.getExtension('WEBGL_debug_renderer_info')?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER;
  const name = String(gl.getParameter(unmasked));
  gl.getExtension('WEBGL_lose_context')?.loseContext(); // a browser has but 16 of them
  return !SOFTWARE.test(name);
}

const FRAMES = 30, SLOW = 40; // ms

/** Watches whether frames come fast enough. */
export class FrameWatch {
  private readonly last: number[] = [];

  /** Takes the ms of one more frame of something that moves; true: WebGL is too slow here. */
  slow(ms: number): boolean {
    this.last.push(ms);
    if (this.last.length > FRAMES) this.last.shift();
    return this.last.length === FRAMES && [...this.last].sort((a, b) => a - b)[FRAMES / 2]! > SLOW;
  }
}

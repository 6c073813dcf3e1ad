// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from 'vitest';

/** The module anew, as a page that has just been loaded has it, in a browser whose GPU has this name; null: no WebGL2. */
async function browser(gpu: string | null, masked = false) {
  vi.resetModules();
  const lost = vi.fn(), asked = vi.fn();
  HTMLCanvasElement.prototype.getContext = function (kind: string, options: WebGLContextAttributes) {
    asked(kind, options);
    return gpu === null ? null : {
      RENDERER: 0x1f01,
      getExtension: (name: string) => (name === 'WEBGL_lose_context' ? { loseContext: lost }
        : name === 'WEBGL_debug_renderer_info' && !masked ? { UNMASKED_RENDERER_WEBGL: 0x9246 } : null),
      getParameter: (name: number) => (name === 0x9246 ? gpu : masked && name === 0x1f01 ? gpu : 'WebKit WebGL'),
    };
  } as never;
  const { wantsWebgl, probe } = await import('./choose');
  return { wantsWebgl, probe, lost, asked };
}

describe('wantsWebgl and probe', () => {
  beforeEach(() => sessionStorage.clear());

  it.each([
    ['ANGLE (NVIDIA, NVIDIA GeForce RTX 3060 Direct3D11 vs_5_0 ps_5_0)', true], ['Apple GPU', true], ['Adreno (TM) 640', true],
    ['ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero)), SwiftShader driver)', false],
    ['llvmpipe (LLVM 15.0.7, 256 bits)', false], ['Apple Software Renderer', false],
    ['ANGLE (Microsoft, Microsoft Basic Render Driver Direct3D11)', false], [null, false],
  ])('%s: %s', async (gpu, wanted) => {
    const { wantsWebgl, probe, asked } = await browser(gpu);
    expect(wantsWebgl()).toBe(null);
    expect(asked).not.toHaveBeenCalled(); // the first photos do not wait for it
    expect([probe(), wantsWebgl()]).toEqual([wanted, wanted]);
    expect(asked).toHaveBeenCalledWith('webgl2', expect.objectContaining({ failIfMajorPerformanceCaveat: true }));
  });
  it('reads the plain name where browsers give no other', async () => {
    expect((await browser('llvmpipe', true)).probe()).toBe(false);
    expect((await browser('Mali-G78', true)).probe()).toBe(true);
  });
  it('probes once, and lets go of the context', async () => {
    const { probe, asked, lost } = await browser('Apple GPU');
    for (let i = 0; i < 3; i++) probe();
    expect(asked).toHaveBeenCalledTimes(1);
    expect(lost).toHaveBeenCalledTimes(1);
  });
  it('is overruled by the session, without a probe', async () => {
    const { wantsWebgl, asked } = await browser(null);
    sessionStorage.setItem('deepselfie:renderer', 'webgl');
    expect(wantsWebgl()).toBe(true);
    sessionStorage.setItem('deepselfie:renderer', 'canvas');
    expect(wantsWebgl()).toBe(false);
    expect(asked).not.toHaveBeenCalled();
    sessionStorage.setItem('deepselfie:renderer', 'crayons');
    expect(wantsWebgl()).toBe(null);
  });
  it('survives a browser that forbids sessionStorage', async () => {
    const { wantsWebgl, probe } = await browser('Apple GPU');
    vi.spyOn(window, 'sessionStorage', 'get').mockImplementation(() => { throw new DOMException('no', 'SecurityError'); });
    probe();
    expect(wantsWebgl()).toBe(true);
    vi.restoreAllMocks();
  });
});

describe('FrameWatch', async () => {
  const { FrameWatch } = await import('./choose');
  const fed = (...frames: number[]): boolean[] => {
    const watch = new FrameWatch();
    return frames.map((ms) => watch.slow(ms));
  };
  const times = (n: number, ms: number): number[] => Array(n).fill(ms);

  it('says nothing before it has seen 30 frames', () => {
    expect(fed(...times(29, 500))).not.toContain(true);
    expect(fed(...times(30, 500)).at(-1)).toBe(true);
  });
  it('bears a hitch, and 40 ms a frame', () => {
    expect(fed(...times(20, 16), ...times(14, 900), ...times(40, 16))).not.toContain(true);
    expect(fed(...times(90, 40))).not.toContain(true);
  });
  it('looks at the last 30 alone', () => {
    expect(fed(...times(300, 16), ...times(16, 60)).at(-1)).toBe(true);
  });
});

// The network at work in a worker. In: addresses, then frames; out: scores. See types.ts.

import type { env as Env, InferenceSession as Session, Tensor as Pixels } from 'onnxruntime-web';
import type { Answer, Order } from './types';

/** ONNX's runtime, as one of its builds exports it. */
interface Runtime { env: typeof Env; InferenceSession: typeof Session; Tensor: typeof Pixels }

const FIRST = 240; // px of the first picture, which is black

const answer = (value: Answer, kept: Transferable[] = []): void => postMessage(value, { transfer: kept });

/** Answers the mirror's orders from now on, by what is called `provider` in this build of the runtime. */
export function serve({ env, InferenceSession, Tensor }: Runtime, provider: 'wasm' | 'webgpu'): void {
  let network: Session | undefined;

  async function load(runtime: string, model: string): Promise<void> {
    const [wasm, onnx] = await Promise.all([fetched(runtime).then(unpacked), fetched(model).then(r => r.arrayBuffer())]);
    env.wasm.wasmBinary = wasm;
    env.wasm.numThreads = 1; // more would ask for a page that is isolated from all others
    network = await InferenceSession.create(new Uint8Array(onnx), {
      executionProviders: [provider],
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3, // that a graphics card leaves some layers to the processor is nobody's error
    });
    await see(new ArrayBuffer(4 * FIRST * FIRST), FIRST); // a graphics card fails here, if at all, and compiles what it needs
  }

  async function see(pixels: ArrayBuffer, side: number): Promise<{ score: number; face: number | null }> {
    const found = await network!.run({ pixels: new Tensor('uint8', new Uint8Array(pixels), [side, side, 4]) });
    const [score, face] = [found.score, found.face].map(output => (output ? (output.data as Float32Array)[0] : null));
    return { score: score!, face };
  }

  async function score(pixels: ArrayBuffer, side: number, turn: number): Promise<void> {
    const began = performance.now();
    const seen = await see(pixels, side);
    answer({ kind: 'score', ...seen, ms: performance.now() - began, pixels, side, turn }, [pixels]);
  }

  addEventListener('message', async ({ data }: MessageEvent<Order>) => {
    try {
      if (data.kind === 'frame') return await score(data.pixels, data.side, data.turn);
      await load(data.runtime, data.model);
      answer({ kind: 'ready' });
    } catch (error) {
      answer({ kind: 'failed', why: String(error) });
    }
  });
}

async function fetched(address: string): Promise<Response> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return response;
}

/** Unpacked here: the server need not care what the browser accepts. */
const unpacked = (gzip: Response): Promise<ArrayBuffer> =>
  new Response(gzip.body!.pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();

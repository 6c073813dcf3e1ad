// The network, in a worker so that the page stays quick. In: addresses, then frames; out: scores. See types.ts.

import { env, InferenceSession, Tensor } from 'onnxruntime-web/wasm';
import type { Answer, Order } from './types';

const answer = (value: Answer, kept: Transferable[] = []): void => postMessage(value, { transfer: kept });
let network: InferenceSession | undefined;

async function load(runtime: string, model: string): Promise<void> {
  const [wasm, onnx] = await Promise.all([fetched(runtime).then(unpacked), fetched(model).then(r => r.arrayBuffer())]);
  env.wasm.wasmBinary = wasm;
  env.wasm.numThreads = 1; // more would ask for a page that is isolated from all others
  network = await InferenceSession.create(new Uint8Array(onnx), { executionProviders: ['wasm'], graphOptimizationLevel: 'all' });
}

async function fetched(address: string): Promise<Response> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return response;
}

/** Unpacked here: the server need not care what the browser accepts. */
const unpacked = (gzip: Response): Promise<ArrayBuffer> =>
  new Response(gzip.body!.pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();

async function score(pixels: ArrayBuffer, side: number, turn: number): Promise<void> {
  const began = performance.now();
  const found = await network!.run({ pixels: new Tensor('uint8', new Uint8Array(pixels), [side, side, 4]) });
  const value = (found.score!.data as Float32Array)[0];
  answer({ kind: 'score', score: value, ms: performance.now() - began, pixels, side, turn }, [pixels]);
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

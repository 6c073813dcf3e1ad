// Where the network can be computed in this browser.

import type { Engine } from './types';

interface Gpu { requestAdapter(): Promise<{ info: { isFallbackAdapter?: boolean } } | null> }

/** Those of the engines that work here, the quickest first. */
export async function usable(engines: Engine[]): Promise<Engine[]> {
  const gpu = await hasGpu();
  return engines.filter(engine => gpu || engine.name !== 'WebGPU');
}

/** A real one: WebGPU in software is slower than WebAssembly. */
async function hasGpu(): Promise<boolean> {
  const { gpu } = navigator as { gpu?: Gpu };
  if (!gpu || !('Suspending' in WebAssembly)) return false; // the runtime waits for the card by what is named so
  const adapter = await gpu.requestAdapter().catch(() => null);
  return !!adapter && !adapter.info.isFallbackAdapter;
}

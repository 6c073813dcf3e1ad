// What goes between the page, the mirror and its worker.

/** A way to compute the network; its addresses. */
export interface Engine { name: 'WebGPU' | 'WebAssembly'; worker: string; runtime: string }

/** What Streamlit hands over: the address of the network, engines, the quickest first, all of this server; and how
 * many megabytes are loaded for it at most. */
export interface Data { model: string; engines: Engine[]; megabytes: number }

/** To the worker: where to load from, once; then frames, one at a time. pixels: RGBA of a square of `side` px;
 * turn: which start of the mirror they belong to. */
export type Order =
  | { kind: 'load'; runtime: string; model: string }
  | { kind: 'frame'; pixels: ArrayBuffer; side: number; turn: number };

/** From the worker. A score in [0, 1] comes with the pixels it is of, and with the milliseconds that the network took;
 * face: its height as a share of the picture's, about; null where this network cannot tell. */
export type Answer =
  | { kind: 'ready' }
  | { kind: 'score'; score: number; face: number | null; ms: number; pixels: ArrayBuffer; side: number; turn: number }
  | { kind: 'failed'; why: string };

// Bitmaps by key: fetched when wanted, the last used kept.

/** Whoever draws with what a loader fetches. */
export interface Owner { redraw(): void }

export class Loader {
  readonly done = new Map<string, ImageBitmap>();
  readonly flying = new Map<string, AbortController>();
  readonly wanted = new Map<Owner, string[]>();
  private readonly failed = new Map<string, number>();
  landed = 0; // bitmaps that have come

  /** kept: how many bitmaps stay; atOnce: how many fetches fly; ready: called whenever one has landed. */
  constructor(
    private readonly address: (key: string) => string,
    private readonly kept: number,
    private readonly atOnce: number,
    private readonly ready: () => void,
    private readonly dropped: (key: string) => void = () => {},
  ) {}

  get(key: string): ImageBitmap | undefined {
    const bitmap = this.done.get(key);
    if (bitmap) { this.done.delete(key); this.done.set(key, bitmap); }
    return bitmap;
  }
  /** Says all that `owner` needs for its present view, most urgent first; what nobody needs any more is cancelled. */
  want(owner: Owner, keys: string[]): void {
    this.wanted.set(owner, keys);
    const all = new Set([...this.wanted.values()].flat());
    for (const [key, abort] of this.flying) if (!all.has(key)) { abort.abort(); this.flying.delete(key); }
    this.pump();
  }
  private pump(): void {
    for (const keys of this.wanted.values())
      for (const key of keys) {
        if (this.flying.size >= this.atOnce) return;
        if (!this.done.has(key) && !this.flying.has(key) && !(this.failed.get(key)! > performance.now())) void this.fetch(key);
      }
  }
  private async fetch(key: string): Promise<void> {
    const abort = new AbortController();
    this.flying.set(key, abort);
    try {
      const answer = await fetch(this.address(key), { signal: abort.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      const bitmap = await createImageBitmap(await answer.blob(), { premultiplyAlpha: 'none', colorSpaceConversion: 'none' });
      if (abort.signal.aborted) return bitmap.close();
      this.done.set(key, bitmap);
      this.landed++;
      for (const oldest of this.done.keys()) {
        if (this.done.size <= this.kept) break;
        this.drop(oldest);
      }
    } catch {
      if (!abort.signal.aborted) this.failed.set(key, performance.now() + 5000);
    }
    if (this.flying.get(key) === abort) this.flying.delete(key);
    this.ready();
    this.pump();
  }
  private drop(key: string): void {
    this.done.get(key)!.close();
    this.done.delete(key);
    this.dropped(key);
  }
  dispose(): void {
    this.wanted.clear();
    for (const abort of this.flying.values()) abort.abort();
    for (const key of [...this.done.keys()]) this.drop(key);
  }
}

// Which photos are selected, by a lasso and by a filter on what colours them, and how photos look then.

import { paint, passes, type Only } from './colours';
import type { Look } from './scene';
import type { Facet } from './types';

export class Choice {
  look: Look = { colour: null, dim: null, hidden: false };
  facet: Facet | null = null; // that photos are coloured by
  values: Float32Array | null = null; // of the facet, by rank
  only: Only | null = null; // what is selected of it
  private lassoed: Uint8Array | null = null; // by rank

  /** changed: called when photos look otherwise, or others are selected. */
  constructor(private readonly changed: () => void) {}

  /** What is selected, in words. */
  get title(): string {
    return [this.lassoed ? 'In the lasso' : '', this.only && this.facet ? this.facet.label : ''].filter(Boolean).join(', ');
  }

  /** Colours by a facet, or by none. */
  colour(facet: Facet | null, values: Float32Array | null, only: Only | null): void {
    if (!facet || !values) [facet, values, only] = [null, null, null];
    Object.assign(this, { facet, values, only });
    this.look = { ...this.look, colour: facet && values ? paint(facet, values) : null };
    this.sift();
  }
  filter(only: Only | null): void {
    this.only = only;
    this.sift();
  }
  /** By rank, 1 for what the lasso holds. */
  lasso(mask: Uint8Array): void {
    this.lassoed = mask.includes(1) ? mask : null;
    this.sift();
  }
  hide(hidden: boolean): void {
    this.look = { ...this.look, hidden };
    this.changed();
  }
  clear(): void {
    this.lassoed = this.only = null;
    this.look = { ...this.look, hidden: false };
    this.sift();
  }
  /** For another world, whose ranks are other photos. */
  reset(): void {
    this.lassoed = null;
    this.colour(null, null, null);
  }

  private sift(): void {
    const { lassoed, only, values } = this, passing = only && values ? passes(values, only) : null, some = lassoed ?? passing;
    const dim = some && new Uint8Array(some.length);
    if (dim) for (let rank = 0; rank < dim.length; rank++) if (lassoed?.[rank] === 0 || passing?.[rank] === 0) dim[rank] = 1;
    this.look = { ...this.look, dim };
    this.changed();
  }
}

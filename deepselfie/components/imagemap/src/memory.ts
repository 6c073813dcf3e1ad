// What is seen of a map comes back: its view of each layout while the tab is open, and all of it with the page's address.

import { onlyToText, type Only } from './colours';
import { arrivedWith, readLink, writeLink, type Seen } from './link';
import type { Data, Facet, LayoutName } from './types';

const SAVE = 250; // ms after the last change, the address says what is seen

type Shares = [number, number, number];
/** What is seen now. */
export interface Now {
  data: Data;
  n: number; // photos shown
  layout: LayoutName;
  shares: Shares;
  atHome: boolean;
  flying: boolean;
  chosen: number; // rank
  id(): Promise<string | null>; // of the chosen photo
  facet: Facet | null;
  only: Only | null;
}

export class Memory {
  private readonly home = location.pathname; // another page's address is not ours to write
  private came: Seen | null = null; // what the address asked for when the visitor came
  private saving: ReturnType<typeof setTimeout> | undefined;
  private ended = false;

  /** now: null while nothing is seen yet. */
  constructor(private readonly now: () => Now | null) {}
  dispose(): void {
    clearTimeout(this.saving);
    this.remember();
    this.ended = true;
  }

  /** What the address asked for when the visitor came. */
  arrival(): Seen { return (this.came ??= readLink(arrivedWith())); }
  /** What the address asks for after Back or Forward within the page; null on another page. */
  turned(): Seen | null { return location.pathname === this.home ? readLink(location.search) : null; }

  /** The view that a layout of n photos was left with; null where they are others. */
  recalled(data: Data, name: LayoutName, n: number): Shares | null {
    const kept = JSON.parse(sessionStorage.getItem(nameOf(data, name)) ?? '{}');
    return kept.n === n && kept.version === data.version ? kept.view : null;
  }
  remember(): void {
    const now = this.now();
    if (!now) return;
    const { data, n, layout, shares } = now;
    sessionStorage.setItem(nameOf(data, layout), JSON.stringify({ n, version: data.version, view: shares }));
  }
  /** Soon, once nothing changes any more. */
  save(): void {
    clearTimeout(this.saving);
    this.saving = setTimeout(() => void this.saveNow(), SAVE);
  }
  private async saveNow(): Promise<void> {
    const asked = this.now();
    if (!asked || asked.flying) return;
    this.remember();
    if (!asked.data.linked) return;
    const photo = asked.chosen < 0 ? null : await asked.id(), now = this.now();
    if (now?.chosen !== asked.chosen || location.pathname !== this.home || this.ended) return;
    const { data, layout, atHome, shares, facet, only } = now;
    const query = writeLink(location.search, {
      layout: layout === data.layouts[0] ? null : layout, view: atHome ? null : shares, photo,
      colour: facet?.key ?? null, only: facet && only ? onlyToText(facet, only) : null,
    });
    if (query !== location.search) history.replaceState(history.state, '', location.pathname + query + location.hash);
  }
}
const nameOf = ({ world, key }: Data, layout: LayoutName): string => `deepselfie:view:${world}:${layout}:${key}`;

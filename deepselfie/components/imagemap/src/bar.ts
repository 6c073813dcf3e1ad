// The bar above the map: which layout, what colours, lasso, search, and the zoom.

import { element } from './dom';
import { STEP } from './pointing';
import type { Facet, LayoutName } from './types';

const NAMES: Record<LayoutName, [string, string]> = {
  continuum: ['Wall', 'Row by row, from the best to the worst'],
  tsne: ['Map', 'Similar photos near each other (t-SNE of fc7)'],
  snapped: ['Grid', 'The map, each photo in a place of its own'],
  gallery: ['Gallery', 'In order, the best first'],
  named: ['Ranking', 'In order, with names'],
};
const ICONS = {
  lasso: 'M12 5c5 0 9 2.4 9 5.5S17 16 12 16s-9-2.4-9-5.5S7 5 12 5M7.5 15.5c-2 .5-2.5 2.5-1 3.5s2 2 1 3.5',
  search: 'M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13M15.5 15.5 21 21',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  fit: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5M9 9h6v6H9z',
  full: 'M14 4h6v6M20 4l-7 7M10 20H4v-6M4 20l7-7',
};
export interface Asked {
  layout(name: LayoutName): void;
  colour(key: string | null): void;
  lasso(): void;
  search(): void;
  zoom(factor: number): void;
  fit(): void;
  full(): void;
}

export class Bar {
  readonly box = element('div', { class: 'bar', role: 'toolbar', 'aria-label': 'The map' });
  private readonly layouts = element('div', { class: 'layouts', role: 'group', 'aria-label': 'Layout' });
  private readonly colours = element('select', { 'aria-label': 'Colour by', title: 'Colour by' });
  private readonly lassoButton: HTMLButtonElement;
  private readonly tools: HTMLElement;
  private offered = '';

  constructor(private readonly asked: Asked) {
    this.lassoButton = this.icon('lasso', 'Select with a lasso (Shift and drag, or a long press)', asked.lasso);
    this.lassoButton.setAttribute('aria-pressed', 'false');
    this.colours.onchange = () => asked.colour(this.colours.value || null);
    this.colours.append(element('option', { value: '' }, 'Colour by …'));
    this.tools = element('div', { class: 'tools' }, this.colours, this.lassoButton, this.icon('search', 'Search (/)', asked.search));
    const zoom = element('div', { class: 'zoom' }, this.icon('minus', 'Farther (−)', () => asked.zoom(1 / STEP)),
      this.icon('plus', 'Nearer (+)', () => asked.zoom(STEP)), this.icon('fit', 'All in view (0)', asked.fit));
    if (document.fullscreenEnabled) zoom.append(this.icon('full', 'Full screen', asked.full));
    this.box.append(this.layouts, this.tools, zoom);
  }
  private icon(name: keyof typeof ICONS, label: string, act: () => void): HTMLButtonElement {
    const made = element('button', { 'aria-label': label, title: label });
    made.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`;
    made.onclick = act;
    return made;
  }

  offer(layouts: LayoutName[], current: LayoutName, tools: boolean): void {
    this.tools.hidden = !tools;
    this.layouts.hidden = layouts.length < 2;
    if (layouts.join() !== this.offered) { // else the buttons stay, and with them the focus
      this.offered = layouts.join();
      this.layouts.replaceChildren(...layouts.map((name) => {
        const [text, title] = NAMES[name], made = element('button', { title }, text);
        made.onclick = () => this.asked.layout(name);
        return made;
      }));
    }
    layouts.forEach((name, i) => this.layouts.children[i]!.setAttribute('aria-pressed', String(name === current)));
  }
  offerColours(facets: Facet[], current: string | null): void {
    const options = facets.map((facet) => element('option', { value: facet.key }, facet.label));
    this.colours.replaceChildren(element('option', { value: '' }, current ? 'No colours' : 'Colour by …'), ...options);
    this.colours.value = current ?? '';
  }
  armLasso(armed: boolean): void { this.lassoButton.setAttribute('aria-pressed', String(armed)); }
}

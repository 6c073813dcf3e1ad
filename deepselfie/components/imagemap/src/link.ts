// What is seen, in the address of the page: it comes back after a reload or Back, and can be sent to somebody.
// The map alone writes these names; all others in the address are left as they are.

export interface Seen {
  layout: string | null;
  view: [number, number, number] | null; // x, y: shares of the layout; zoom: 1 as met
  photo: string | null; // id
  colour: string | null; // key of a facet
  only: string | null; // what of it is selected
}
const NAMES = ['layout', 'x', 'y', 'zoom', 'photo', 'colour', 'only'];

export function readLink(search: string): Seen {
  const given = new URLSearchParams(search), [x, y, zoom] = ['x', 'y', 'zoom'].map((name) => parseFloat(given.get(name) ?? ''));
  const whole = [x, y, zoom].every(Number.isFinite) && zoom! > 0;
  return {
    layout: given.get('layout'), view: whole ? [x!, y!, zoom!] : null, photo: given.get('photo'),
    colour: given.get('colour'), only: given.get('only'),
  };
}

/** The query of an address that was `search`, with what is seen now. */
export function writeLink(search: string, { layout, view, photo, colour, only }: Seen): string {
  const all = new URLSearchParams(search), short = (v: number) => String(+v.toPrecision(5));
  const [x, y, zoom] = view ? view.map(short) : [null, null, null];
  [layout, x, y, zoom, photo, colour, only].forEach((value, i) => {
    if (value === null || value === undefined) all.delete(NAMES[i]!);
    else all.set(NAMES[i]!, value);
  });
  const text = all.toString();
  return text ? `?${text}` : '';
}

// On Back Streamlit begins the page anew, with an address of its own making: what the address was is kept until the
// page's map is there.
const returned: { path: string; search: string }[] = [];
if (typeof addEventListener === 'function')
  addEventListener('popstate', () => returned.splice(0, 1, { path: location.pathname, search: location.search }));

/** The query with which the visitor came to this page. */
export function arrivedWith(): string {
  const [last] = returned.splice(0, 1);
  return last?.path === location.pathname ? last.search : location.search;
}

// How our map is looked at, in the bare page and in the app; `root`: the ShadowRoot that it is in, once it is there.

export function watch(root) {
  const find = (selector) => root()?.querySelector(selector) ?? null;
  const camera = () => find('.stage').dataset.view.split(',').map(Number);
  measure.map = {
    canvases: () => [...(find('.stage')?.querySelectorAll('canvas') ?? [])],
    card: () => Boolean(find('.card:not([hidden])')),
    complete: () => { const image = find('.card .picture img'); return Boolean(image?.complete && image.naturalWidth); },
    lassoed: () => Boolean(find('.stage[data-selected]')),
    told: () => Boolean(find('.panel:not([hidden])')),
    box() { const { left, top, width, height } = find('.stage').getBoundingClientRect(); return [left, top, width, height]; },
    renderer: () => find('.stage').dataset.renderer,
    k: () => camera()[2],
    home: () => find('[aria-label^="All in view"]').click(),
    /** px in the page of a place: x to the right, y upwards, both -1..1. */
    at(x, y) {
      const [u, v, k] = camera(), { left, top, width, height } = find('.stage').getBoundingClientRect();
      return [left + width / 2 + ((x + 1) / 2 - u) * k, top + height / 2 + ((1 - y) / 2 - v) * k];
    },
  };
  const seen = (entries) => entries.forEach(({ name }) => {
    if (name.startsWith('imagemap:')) measure.drawn(name.slice(9));
  });
  new PerformanceObserver((list) => seen(list.getEntries())).observe({ type: 'mark', buffered: true });
}

/** In the app: the first component that holds a stage. */
export function watchApp() {
  let found = null;
  watch(() => {
    const hosts = found?.isConnected ? [] : [...document.querySelectorAll('*')].filter((each) => each.shadowRoot?.querySelector('.stage'));
    if (hosts.length) found = hosts[0];
    return found?.shadowRoot ?? null;
  });
}

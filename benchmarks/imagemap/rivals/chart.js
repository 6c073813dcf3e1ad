// How a scattergl chart is looked at, drawn by plotly.js in the bare page or by Streamlit.

export function watch(chart) {
  const axes = () => chart()._fullLayout, canvases = () => [...chart().querySelectorAll('canvas.gl-canvas')];
  let selected = 0, listening = false;
  measure.map = {
    canvases,
    card: () => Boolean(chart().querySelector('.hoverlayer .hovertext')),
    lassoed: () => selected > 0,
    home: () => chart().querySelector('.modebar-btn[data-val="reset"]').click(),
    k: () => axes().xaxis._length / (axes().xaxis.range[1] - axes().xaxis.range[0]),
    at(x, y) {
      const { left, top } = chart().getBoundingClientRect(), { xaxis, yaxis } = axes();
      return [left + xaxis._offset + xaxis.l2p(x), top + yaxis._offset + yaxis.l2p(y)];
    },
    armLasso() {
      if (!listening) chart().on('plotly_selected', (event) => { selected = event?.points.length ?? 0; });
      listening = true;
      chart().querySelector('.modebar-btn[data-val="lasso"]').click();
    },
  };
}

/** In Streamlit, which does not say when it has drawn: looks until the canvas has colour. */
export async function drawnByStreamlit() {
  const chart = () => document.querySelector('.js-plotly-plot'), small = new OffscreenCanvas(64, 40).getContext('2d', { willReadFrequently: true });
  watch(chart);
  for (;;) {
    await new Promise((done) => setTimeout(done, 10));
    const canvas = chart()?._fullLayout && measure.map.canvases()[0];
    if (!canvas?.width) continue;
    small.drawImage(canvas, 0, 0, 64, 40);
    if (!small.getImageData(0, 0, 64, 40).data.some(Boolean)) continue;
    if (!chart().querySelector('.modebar-btn[data-val="lasso"]')) measure.map.lassoed = null; // Streamlit leaves the button out
    return measure.drawn('dots');
  }
}

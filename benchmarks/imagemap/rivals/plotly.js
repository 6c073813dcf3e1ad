// plotly.js scattergl: dots coloured by score.
import { watch } from './chart.js';

const { x, y, score } = measure.points(await (await fetch(given.points)).arrayBuffer(), given.n), box = document.getElementById('map');
const trace = { type: 'scattergl', mode: 'markers', x, y, marker: { color: score, colorscale: 'Viridis', size: 3 }, text: score };
const axis = { zeroline: false }, margin = { l: 0, r: 0, t: 0, b: 0 };
const layout = { margin, dragmode: 'pan', hovermode: 'closest', xaxis: { ...axis, range: [-1.7, 1.7] }, yaxis: { ...axis, range: [-1, 1] } };
await Plotly.newPlot(box, [trace], layout, { scrollZoom: true, displayModeBar: true, modeBarButtonsToAdd: ['lasso2d'] });
watch(() => box);
measure.drawn('dots');
measure.map.show = ([x0, y0, x1, y1]) => Plotly.relayout(box, { 'xaxis.range': [x0, x1], 'yaxis.range': [y0, y1] });

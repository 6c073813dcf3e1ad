// regl-scatterplot: dots coloured by score.
import createScatterplot from 'regl-scatterplot';

const box = document.getElementById('map'), canvas = document.createElement('canvas'), card = document.getElementById('card');
box.append(canvas);
const { x, y, score } = measure.points(await (await fetch(given.points)).arrayBuffer(), given.n);
const gradient = Array.from({ length: 32 }, (_, i) => `#${[68 + 5 * i, 20 + 6 * i, 160 - 4 * i].map((v) => v.toString(16).padStart(2, '0')).join('')}`);
const { clientWidth: width, clientHeight: height } = box;
const plot = createScatterplot({
  canvas, width, height, aspectRatio: width / height, pointSize: 3, pointColor: gradient, colorBy: 'valueA', backgroundColor: '#ffffff',
});
let selected = 0;
plot.subscribe('select', ({ points }) => { selected = points.length; });
plot.subscribe('pointOver', (i) => { card.textContent = score[i].toFixed(2); card.hidden = false; });
plot.subscribe('pointOut', () => { card.hidden = true; });
await plot.draw({ x, y, valueA: score });
measure.map = {
  canvases: () => [canvas],
  card: () => !card.hidden,
  lassoed: () => selected > 0,
  show: ([x0, y0, x1, y1]) => plot.zoomToArea({ x: x0, y: y0, width: x1 - x0, height: y1 - y0 }, { transition: false }),
};
measure.drawn('dots');

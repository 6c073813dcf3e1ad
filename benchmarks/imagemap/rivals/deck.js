// deck.gl: an IconLayer for each page of 8 px thumbnails.
import { Deck, OrthographicView } from '@deck.gl/core';
import { IconLayer } from '@deck.gl/layers';

const box = document.getElementById('map'), card = document.getElementById('card'), { px, side, across, pages, n } = given;
const { x, y, score, column, line } = measure.points(await (await fetch(given.points)).arrayBuffer(), n);
const iconMapping = {};
for (let i = 0; i < side * side; i++) iconMapping[i] = { x: (i % side) * px, y: Math.floor(i / side) * px, width: px, height: px };
const on = pages.map(() => []);
for (let i = 0; i < n; i++) on[Math.floor(line[i] / side) * across + Math.floor(column[i] / side)].push(i);
const images = await Promise.all(pages.map(async (page) => createImageBitmap(await (await fetch(page)).blob())));
const layers = (size) => images.map((iconAtlas, page) => new IconLayer({
  id: `page-${page}`, data: on[page], iconAtlas, iconMapping, pickable: true, sizeScale: size, getSize: 1,
  getPosition: (i) => [x[i], y[i]],
  getIcon: (i) => (line[i] % side) * side + (column[i] % side),
}));
const camera = ([x0, y0, x1, y1]) => ({ target: [(x0 + x1) / 2, (y0 + y1) / 2, 0], zoom: Math.log2(box.clientWidth / (x1 - x0)) });
let draws = 0;
const deck = new Deck({
  parent: box, views: new OrthographicView({ flipY: false }), controller: true, layers: layers(4),
  initialViewState: camera(given.home ?? [-1.7, -1, 1.7, 1]),
  onHover: ({ object }) => { card.hidden = object === undefined; if (!card.hidden) card.textContent = score[object].toFixed(2); },
  onAfterRender: () => { if (deck.layerManager?.getLayers().every((layer) => layer.isLoaded)) draws++; },
});
while (!draws) await new Promise(requestAnimationFrame);
measure.map = {
  canvases: () => [box.querySelector('canvas')], card: () => !card.hidden, lassoed: null,
  show: async (area, size) => {
    deck.setProps({ initialViewState: camera(area), layers: layers(size) });
    const before = draws;
    while (draws < before + 2) { deck.redraw('shown'); await new Promise(requestAnimationFrame); }
  },
};
measure.drawn('thumbnails');

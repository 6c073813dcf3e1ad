// What lies above the photos on a canvas of its own, the same over both renderers: large pictures, captions, rings.
// The context is scaled so that lengths are CSS px.

import { drawThumbnail } from './canvas';
import { css } from './colours';
import { clamp } from './dom';
import { markAt, type Layout } from './layouts';
import { DIM, edges, frameOf, middleOf, sideOf, type Scene } from './scene';
import { toScreen } from './camera';
import type { Mark } from './types';

export interface Theme { paper: string; ink: string; accent: string; font: string }
/** The colours and the font that Streamlit gives the page. */
export function themeOf(box: Element): Theme {
  const style = getComputedStyle(box), say = (name: string, otherwise: string) => style.getPropertyValue(name).trim() || otherwise;
  return {
    paper: say('--st-background-color', '#fff'), ink: say('--st-text-color', '#222'),
    accent: say('--st-primary-color', '#d6336c'), font: say('--st-font', 'sans-serif'),
  };
}
const NEAR = 80; // px: from this side on, a photo is fetched by itself
const BLURRED = 52; // px: and from this side on, where the thumbnail that would be sharp enough is not shipped

/** Draws the larger pictures that have come over their thumbnails; returns the keys of all that would be seen. */
export function drawPictures(context: CanvasRenderingContext2D, scene: Scene): string[] {
  const { atlas, ranks, list, look, view: { dpr }, to } = scene, side = sideOf(scene);
  if (side <= BLURRED || to) return [];
  const seen = side > NEAR ? list : list.filter((i) => !scene.families.some((family) => atlas.slot(ranks[i]!, scene.level, family)));
  const frame = look.colour ? frameOf(side * dpr) : 0, wanted: string[] = [];
  for (let j = seen.length - 1; j >= 0; j--) wanted.push(atlas.pictureKey(ranks[seen[j]!]!, side * dpr));
  for (const i of seen) {
    const rank = ranks[i]!, picture = atlas.pictures.get(atlas.pictureKey(rank, side * dpr));
    if (!picture) continue;
    const [x, y] = middleOf(scene, i), dim = look.dim?.[rank] === 1;
    const [left, right] = edges(x * dpr, side * dpr).map((v) => v / dpr), [top, bottom] = edges(y * dpr, side * dpr).map((v) => v / dpr);
    const inset = frame / dpr, box = [left! + inset, top! + inset, right! - left! - 2 * inset, bottom! - top! - 2 * inset] as const;
    if (dim) { context.fillStyle = css(scene.paper); context.fillRect(...box); context.globalAlpha = DIM; }
    context.drawImage(picture, ...box);
    context.globalAlpha = 1;
  }
  return wanted;
}

export function drawCaptions(context: CanvasRenderingContext2D, scene: Scene, captions: Record<number, string>, theme: Theme): void {
  const side = sideOf(scene);
  if (side < 44) return;
  const font = clamp(side * 0.115, 9, 20);
  Object.assign(context, { font: `${font}px ${theme.font}`, fillStyle: theme.ink, textAlign: 'center', textBaseline: 'top' });
  for (const i of scene.list) {
    const text = captions[scene.ranks[i]!], [x, y] = middleOf(scene, i);
    text?.split('\n').forEach((line, at) => context.fillText(shortened(context, line, side), x, y + side / 2 + font * (0.3 + 1.2 * at)));
  }
}
/** As much of a line as is no wider than `width` in the current font. */
function shortened(context: CanvasRenderingContext2D, line: string, width: number): string {
  const fits = (text: string) => context.measureText(text).width <= width;
  if (fits(line)) return line;
  let end = line.length;
  while (end > 1 && !fits(`${line.slice(0, end)}…`)) end--;
  return `${line.slice(0, end).trimEnd()}…`;
}

/** Lifts photo i above the others, at least `least` px wide, with a ring. Adds the page it lacks to `wanted`. */
export function drawRinged(
  context: CanvasRenderingContext2D, scene: Scene, i: number, least: number, line: number, theme: Theme, wanted: Set<string>,
): number {
  const side = Math.max(sideOf(scene), least), [x, y] = middleOf(scene, i), rank = scene.ranks[i]!;
  const level = Math.min(side * scene.view.dpr <= 44 ? 1 : 2, scene.atlas.levels.length - 1);
  const picture = scene.atlas.pictures.get(scene.atlas.pictureKey(rank, side * scene.view.dpr));
  context.imageSmoothingQuality = 'medium';
  if (side > NEAR && picture) context.drawImage(picture, x - side / 2, y - side / 2, side, side);
  else drawThumbnail(context, { ...scene, level }, rank, x - side / 2, y - side / 2, side, side, wanted);
  ring(context, x, y, side, line, theme);
  return side;
}
export function ring(context: CanvasRenderingContext2D, x: number, y: number, side: number, line: number, theme: Theme): void {
  const around = side + line;
  for (const [colour, width] of [[theme.paper, line + 3], [theme.accent, line]] as const) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.strokeRect(x - around / 2, y - around / 2, around, around);
  }
}

/** The visitor's own photo at its place. */
export function drawMark(
  context: CanvasRenderingContext2D, scene: Scene, layout: Layout, mark: Mark, image: HTMLImageElement, theme: Theme,
): void {
  const [x, y] = toScreen(scene.from.camera, scene.view, markAt(layout, mark)), side = clamp(sideOf(scene) * 1.3, 52, 240);
  context.drawImage(image, x - side / 2, y - side / 2, side, side);
  ring(context, x, y, side, 4, theme);
  Object.assign(context, { font: `600 13px ${theme.font}`, textAlign: 'center', textBaseline: 'middle', fillStyle: theme.accent });
  const wide = context.measureText('you').width + 18, top = y + side / 2 + 1;
  context.beginPath();
  context.roundRect(x - wide / 2, top, wide, 22, 11);
  context.fill();
  context.fillStyle = '#fff';
  context.fillText('you', x, top + 11.5);
}

// The GLSL of the WebGL renderer: a quad for each photo, its edges on whole device pixels, and what is seen in it.

import { DIM } from './scene';

export const WIDTH = 4096; // texels in a line of a table; GPUs with less are left to Canvas2D
export const MOST_LEVELS = 4;
export const NOWHERE = 3e7; // the place of a photo that has none: NaN is not safe in GLSL

const HEAD = `#version 300 es
precision highp float; precision highp int;
precision highp sampler2D; precision highp isampler2D; precision highp usampler2D; precision highp sampler2DArray;
ivec2 at(int i) { return ivec2(i % ${WIDTH}, i / ${WIDTH}); }
`;

export const VERTEX = `${HEAD}
layout(location = 0) in uint place;
uniform sampler2D fromPlaces, toPlaces, colours;
uniform isampler2D ranks;
uniform usampler2D cells, dim, layers;
uniform vec4 fromCamera, toCamera; // x and y, and what single precision leaves of them
uniform vec2 zooms, middle, size; // device px: per unit before and after the flight; of the canvas
uniform float t, side, frame; // frame 0: no colours
uniform bool flying, dims;
uniform int level, columns, families[2]; // 0: by rank, 1: by map, -1: none
uniform ivec4 levels[${MOST_LEVELS}]; // px of a thumbnail, thumbnails along a page, first page by rank and by map in layers
flat out vec4 box; // left, top, width, height
flat out vec4 thumb; // x, y on the page, layer, side; layer -1: none has come
flat out float lod;
flat out vec3 tint;
flat out int rank;
flat out float opacity;

vec2 stand(vec2 p, vec4 camera, float zoom) { return ((p - camera.xy) - camera.zw) * zoom + middle; }
vec2 edge(vec2 v) { return floor(v + 0.501); } // as Math.round does, in spite of single precision

// Where a thumbnail lies on the pages of a level in a family.
vec4 slot(int l, int family, ivec2 cell) {
  ivec4 about = levels[l];
  int along = about.y, first = family == 0 ? about.z : about.w;
  if (first < 0) return vec4(-1);
  int page = family == 0 ? rank / (along * along) : cell.y / along * ((columns + along - 1) / along) + cell.x / along;
  ivec2 on = family == 0 ? ivec2(rank, rank / along) % along : cell % along;
  int layer = int(texelFetch(layers, at(first + page), 0).r) - 1;
  return vec4(vec2(on * about.x), layer, about.x);
}

void main() {
  int i = int(place);
  rank = texelFetch(ranks, at(i), 0).r;
  vec2 p = texelFetch(fromPlaces, at(i), 0).rg, q = flying ? texelFetch(toPlaces, at(i), 0).rg : p;
  if (max(p.x, q.x) > ${NOWHERE.toExponential()} / 2.0) { gl_Position = vec4(2, 2, 2, 1); return; }
  vec2 centre = stand(p, fromCamera, zooms.x);
  if (flying) centre = mix(centre, stand(q, toCamera, zooms.y), t);
  vec2 low = edge(centre - side / 2.0), high = max(edge(centre + side / 2.0), low + 1.0);
  box = vec4(low, high - low);

  thumb = vec4(0, 0, -1, 0);
  ivec2 cell = ivec2(texelFetch(cells, at(rank), 0).rg);
  for (int l = level; l > 0 && thumb.z < 0.0; l--)
    for (int f = 0; f < 2 && thumb.z < 0.0; f++)
      if (families[f] >= 0) thumb = slot(l, families[f], cell);
  lod = max(log2(thumb.w / max(box.z - 2.0 * frame, 1.0)) - 0.5, 0.0); // half a mip sharper, as drawImage does
  tint = frame > 0.0 ? texelFetch(colours, at(rank), 0).rgb : vec3(0);
  opacity = dims && texelFetch(dim, at(rank), 0).r == 1u ? ${DIM} : 1.0;
  vec2 corner = mix(low, high, vec2(gl_VertexID & 1, gl_VertexID >> 1));
  gl_Position = vec4((corner / size * 2.0 - 1.0) * vec2(1, -1), 0, 1);
}`;

export const FRAGMENT = `${HEAD}
flat in vec4 box;
flat in vec4 thumb;
flat in float lod;
flat in vec3 tint;
flat in int rank;
flat in float opacity;
uniform sampler2DArray pages;
uniform sampler2D tiny;
uniform int tinySide;
uniform vec2 size;
uniform vec3 paper;
uniform float frame, pageSide;
uniform bool plain, smoothly;
out vec4 colour;

vec3 tinyAt(ivec2 on) {
  on = clamp(on, 0, tinySide - 1);
  return texelFetch(tiny, at((rank * tinySide + on.y) * tinySide + on.x), 0).rgb;
}
// on: device px from the thumbnail's corner, of the middle of a pixel; across: device px of its sides
vec3 fromTiny(vec2 on, vec2 across) {
  if (!smoothly) return tinyAt(ivec2(on) * tinySide / ivec2(across));
  vec2 texel = on / across * float(tinySide) - 0.5, part = fract(texel);
  ivec2 low = ivec2(floor(texel));
  return mix(mix(tinyAt(low), tinyAt(low + ivec2(1, 0)), part.x),
    mix(tinyAt(low + ivec2(0, 1)), tinyAt(low + 1), part.x), part.y);
}
vec3 fromPage(vec2 on, vec2 across) {
  float margin = 0.5 * exp2(ceil(lod)); // of a texel that is read: so near to the edge the neighbour would show
  vec2 texel = clamp(on / across * thumb.w, margin, thumb.w - margin);
  return textureLod(pages, vec3((thumb.xy + texel) / pageSide, thumb.z), lod).rgb;
}

void main() {
  vec2 on = vec2(gl_FragCoord.x, size.y - gl_FragCoord.y) - box.xy - frame, across = box.zw - 2.0 * frame;
  bool framed = frame > 0.0 && (plain || any(lessThan(on, vec2(0))) || any(greaterThan(on, across)));
  vec3 seen = framed ? tint : thumb.z < 0.0 ? fromTiny(on, across) : fromPage(on, across);
  colour = vec4(mix(paper, seen, opacity), 1);
}`;

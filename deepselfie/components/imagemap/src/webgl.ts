// The WebGL2 renderer: all photos of a scene in one call, with what belongs to each read from tables in textures.

import { FAMILIES, type Atlas } from './atlas';
import type { Renderer } from './renderer';
import { FLAT, TINY, frameOf, sideOf, type Scene, type Stand } from './scene';
import { PageLayers } from './webgl_pages';
import { FRAGMENT, MOST_LEVELS, NOWHERE, VERTEX, WIDTH } from './webgl_shaders';

const PATIENCE = 4000; // ms that a lost context has to come back

export class WebglRenderer implements Renderer {
  readonly kind = 'webgl';
  readonly canvas = document.createElement('canvas');
  private readonly gl: WebGL2RenderingContext | null;
  private readonly losing: WEBGL_lose_context | null = null;
  private painter: Painter | null = null;
  private waiting: ReturnType<typeof setTimeout> | undefined;

  /** redraw: asks for another frame. failed: called, never before the constructor is done, when there is no (more) WebGL. */
  constructor(private readonly redraw: () => void, private readonly failed: () => void) {
    this.canvas.addEventListener('webglcontextlost', this.lost);
    this.canvas.addEventListener('webglcontextrestored', this.restored);
    this.gl = this.canvas.getContext('webgl2', {
      alpha: false, antialias: false, depth: false, stencil: false, powerPreference: 'high-performance',
    });
    this.losing = this.gl?.getExtension('WEBGL_lose_context') ?? null; // a lost context does not give it any more
    this.build();
  }
  private build(): void {
    try {
      this.painter = new Painter(this.gl!);
    } catch (error) {
      if (this.gl?.isContextLost()) return; // another `restored` will come, or `failed`
      console.warn('The map is drawn without WebGL:', error);
      queueMicrotask(this.failed);
    }
  }
  private readonly lost = (event: Event): void => {
    event.preventDefault(); // else it would never be restored
    this.painter = null; // its objects went with the context
    clearTimeout(this.waiting);
    const late = (): void => { if (document.hidden) this.waiting = setTimeout(late, PATIENCE); else this.failed(); };
    this.waiting = setTimeout(late, PATIENCE);
  };
  private readonly restored = (): void => {
    clearTimeout(this.waiting);
    this.build();
    this.redraw();
  };
  show(on: CanvasRenderingContext2D): void { on.clearRect(0, 0, on.canvas.width, on.canvas.height); } // they are on their own
  dispose(): void {
    clearTimeout(this.waiting);
    this.canvas.removeEventListener('webglcontextlost', this.lost);
    this.canvas.removeEventListener('webglcontextrestored', this.restored);
    this.painter?.dispose();
    this.painter = null;
    if (this.gl && !this.gl.isContextLost()) this.losing?.loseContext(); // a browser has but 16 of them
    this.canvas.width = this.canvas.height = 0;
  }

  draw(scene: Scene): Set<string> {
    if (!this.painter || this.gl!.isContextLost()) return new Set();
    const { width, height, dpr } = scene.view, size = { width: Math.round(width * dpr), height: Math.round(height * dpr) };
    if (this.canvas.width !== size.width || this.canvas.height !== size.height) Object.assign(this.canvas, size);
    const { wanted, more } = this.painter.draw(scene);
    if (more) queueMicrotask(this.redraw);
    return wanted;
  }
}

/** Units of textures. */
const UNITS = ['fromPlaces', 'toPlaces', 'ranks', 'cells', 'colours', 'dim', 'layers', 'tiny', 'pages'] as const;
type TableName = Exclude<(typeof UNITS)[number], 'pages'>;

/** All that lives in one context from its making to its loss. */
class Painter {
  private readonly program: WebGLProgram;
  private readonly uniforms = new Map<string, WebGLUniformLocation>();
  private readonly array: WebGLVertexArrayObject;
  private readonly list: WebGLBuffer;
  private readonly tables: Record<TableName, Table>;
  private readonly most: number; // texels of a table
  private listed: Uint32Array | null = null;
  private pages: PageLayers | null = null;
  private atlas: Atlas | null = null;

  constructor(private readonly gl: WebGL2RenderingContext) {
    const side: number = gl.getParameter(gl.MAX_TEXTURE_SIZE);
    if (side < WIDTH) throw new Error(`no textures of ${WIDTH} texels`);
    this.most = WIDTH * side;
    this.program = link(gl, VERTEX, FRAGMENT);
    for (let i = gl.getProgramParameter(this.program, gl.ACTIVE_UNIFORMS) - 1; i >= 0; i--) {
      const name = gl.getActiveUniform(this.program, i)!.name;
      this.uniforms.set(name.replace('[0]', ''), gl.getUniformLocation(this.program, name)!);
    }
    gl.useProgram(this.program);
    UNITS.forEach((name, unit) => gl.uniform1i(this.at(name), unit));
    const table = (name: TableName, inside: number, format: number, type: number): Table =>
      new Table(gl, UNITS.indexOf(name), inside, format, type);
    this.tables = {
      fromPlaces: table('fromPlaces', gl.RG32F, gl.RG, gl.FLOAT),
      toPlaces: table('toPlaces', gl.RG32F, gl.RG, gl.FLOAT),
      ranks: table('ranks', gl.R32I, gl.RED_INTEGER, gl.INT),
      cells: table('cells', gl.RG16UI, gl.RG_INTEGER, gl.UNSIGNED_SHORT),
      colours: table('colours', gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE),
      dim: table('dim', gl.R8UI, gl.RED_INTEGER, gl.UNSIGNED_BYTE),
      layers: table('layers', gl.R8UI, gl.RED_INTEGER, gl.UNSIGNED_BYTE),
      tiny: table('tiny', gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE),
    };
    this.array = gl.createVertexArray()!;
    this.list = gl.createBuffer()!;
    gl.bindVertexArray(this.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.list);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribIPointer(0, 1, gl.UNSIGNED_INT, 0, 0);
    gl.vertexAttribDivisor(0, 1);
  }
  dispose(): void {
    const { gl } = this;
    this.pages?.dispose();
    for (const table of Object.values(this.tables)) table.dispose();
    gl.deleteBuffer(this.list);
    gl.deleteVertexArray(this.array);
    gl.deleteProgram(this.program);
  }
  private at(name: string): WebGLUniformLocation | null { return this.uniforms.get(name) ?? null; }

  draw(scene: Scene): { wanted: Set<string>; more: boolean } {
    const { gl } = this, { look, list, view: { dpr } } = scene, { width, height } = gl.canvas;
    const side = sideOf(scene) * dpr, plain = look.colour !== null && side <= FLAT;
    const level = plain || side <= TINY ? 0 : Math.min(scene.level, scene.atlas.levels.length, MOST_LEVELS - 1);
    this.setAtlas(scene.atlas);
    const found = this.pages!.bring(scene, level);
    this.setTables(scene);
    gl.useProgram(this.program);
    gl.bindVertexArray(this.array);
    this.setPlaces(list);
    this.setStand('from', scene.from);
    if (scene.to) this.setStand('to', scene.to);
    gl.uniform2f(this.at('zooms'), scene.from.camera.k * dpr, (scene.to ?? scene.from).camera.k * dpr);
    gl.uniform2f(this.at('middle'), (scene.view.width / 2) * dpr, (scene.view.height / 2) * dpr);
    gl.uniform2f(this.at('size'), width, height);
    gl.uniform1f(this.at('t'), scene.t);
    gl.uniform1f(this.at('side'), side);
    gl.uniform1f(this.at('frame'), look.colour ? frameOf(side) : 0);
    gl.uniform1i(this.at('plain'), Number(plain));
    gl.uniform1i(this.at('smoothly'), Number(side > TINY));
    gl.uniform1i(this.at('flying'), Number(scene.to !== null));
    gl.uniform1i(this.at('dims'), Number(look.dim !== null));
    gl.uniform1i(this.at('level'), level);
    gl.uniform1iv(this.at('families'), [0, 1].map((f) => FAMILIES.indexOf(scene.families[f]!))); // -1: none
    const paper = [0, 8, 16].map((shift) => ((scene.paper >>> shift) & 255) / 255) as [number, number, number];
    gl.uniform3f(this.at('paper'), ...paper);
    gl.viewport(0, 0, width, height);
    gl.clearColor(...paper, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, list.length);
    return found;
  }
  private setAtlas(atlas: Atlas): void {
    if (this.atlas === atlas) return;
    const { gl } = this;
    this.atlas = atlas;
    this.pages?.dispose();
    this.pages = new PageLayers(gl, UNITS.indexOf('pages'), atlas);
    gl.uniform4iv(this.at('levels'), this.pages.about);
    gl.uniform1f(this.at('pageSide'), this.pages.side);
    gl.uniform1i(this.at('columns'), atlas.grid.columns);
    this.tables.cells.set(atlas, () => pairs(Uint16Array, atlas.column, atlas.line));
    this.tables.tiny.forget();
  }
  private setTables({ atlas, ranks, look }: Scene): void {
    const { tables, gl } = this, { tinySide } = atlas, missing = atlas.unpackTiny().length;
    // until the first page has come, or where there are too many photos, a mean colour is each photo's only pixel
    const mean = atlas.tiny.length > this.most || missing === atlas.levels[0]!.pages.map!.length;
    tables.tiny.set(mean ? atlas.colour : missing, () => bytes(mean ? atlas.colour : atlas.tiny));
    gl.uniform1i(this.at('tinySide'), mean ? 1 : tinySide);
    tables.ranks.set(ranks, () => ranks);
    tables.layers.set(this.pages!.table, () => this.pages!.table);
    const { colour, dim } = look;
    if (colour) tables.colours.set(colour, () => bytes(colour));
    if (dim) tables.dim.set(dim, () => dim);
  }
  private setPlaces(list: Uint32Array): void {
    const { gl } = this;
    if (this.listed === list) return;
    this.listed = list;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.list);
    gl.bufferData(gl.ARRAY_BUFFER, list, gl.DYNAMIC_DRAW);
  }
  private setStand(name: 'from' | 'to', { x, y, camera }: Stand): void {
    this.tables[`${name}Places`].set(x, () => {
      const places = pairs(Float32Array, x, y);
      for (let i = 0; i < places.length; i += 2) if (Number.isNaN(places[i]! + places[i + 1]!)) places[i] = NOWHERE;
      return places;
    });
    const [u, v] = [Math.fround(camera.x), Math.fround(camera.y)];
    this.gl.uniform4f(this.at(`${name}Camera`), u, v, camera.x - u, camera.y - v);
  }
}

/** A texture that the shaders read by index, line after line. */
class Table {
  private readonly texture: WebGLTexture;
  private version: unknown = null;
  private lines = 0;

  constructor(
    private readonly gl: WebGL2RenderingContext, private readonly unit: number,
    private readonly inside: number, private readonly format: number, private readonly type: number,
  ) {
    this.texture = gl.createTexture()!;
    this.resize(1);
    for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, filter, gl.NEAREST);
  }
  dispose(): void { this.gl.deleteTexture(this.texture); }
  forget(): void { this.version = null; }
  private resize(lines: number): void {
    const { gl } = this;
    this.lines = lines;
    gl.activeTexture(gl.TEXTURE0 + this.unit);
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, this.inside, WIDTH, lines, 0, this.format, this.type, null);
  }
  /** Uploads what `made` gives, unless it did so for this version before. */
  set(version: unknown, made: () => Values): void {
    if (this.version === version) return;
    this.version = version;
    const { gl, format, type } = this, values = made();
    const each = format === gl.RGBA ? 4 : format === gl.RED_INTEGER ? 1 : 2, count = values.length / each;
    const whole = Math.floor(count / WIDTH), lines = Math.max(Math.ceil(count / WIDTH), 1);
    if (lines !== this.lines) this.resize(lines);
    gl.activeTexture(gl.TEXTURE0 + this.unit);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    if (whole) gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, WIDTH, whole, format, type, values, 0);
    const rest = count - whole * WIDTH;
    if (rest) gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, whole, rest, 1, format, type, values, whole * WIDTH * each);
  }
}
type Values = Uint8Array | Uint16Array | Int32Array | Float32Array;

const bytes = ({ buffer, byteOffset, byteLength }: Uint32Array): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength);

function pairs<Kind extends Uint16Array | Float32Array>(kind: new (length: number) => Kind, a: Kind, b: Kind): Kind {
  const both = new kind(2 * a.length);
  for (let i = 0; i < a.length; i++) { both[2 * i] = a[i]!; both[2 * i + 1] = b[i]!; }
  return both;
}

function link(gl: WebGL2RenderingContext, vertex: string, fragment: string): WebGLProgram {
  const program = gl.createProgram()!;
  for (const [type, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]] as const) {
    const shader = gl.createShader(type)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader); // with the program
  }
  gl.linkProgram(program);
  if (gl.getProgramParameter(program, gl.LINK_STATUS)) return program;
  const logs = gl.getAttachedShaders(program)?.map((shader) => gl.getShaderInfoLog(shader)) ?? [];
  throw new Error([gl.getProgramInfoLog(program), ...logs].join(' '));
}

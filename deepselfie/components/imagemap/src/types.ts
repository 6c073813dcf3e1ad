// What the modules of the image map say to each other. Lengths are CSS px unless named otherwise; y points down.

export type LayoutName = 'continuum' | 'tsne' | 'snapped' | 'gallery' | 'named';
/** Which photos share a page of thumbnails: neighbours in the order, or neighbours on the snapped grid. */
export type Family = 'rank' | 'map';

/** What image_map() of __init__.py sends. */
export interface Data {
  module: string;
  world: string;
  version: string;
  key: string;
  layouts: LayoutName[]; // offered to the visitor; the first is the one met
  label: string;
  ranks: string | null; // base64 of int32, or an address under /ds/; null: all photos
  captions: Record<number, string> | null; // rank -> one or two lines
  blurred: boolean;
  thumb: number | null; // side of a gallery's photo
  height: number;
  mark: Mark | null;
  tools: boolean; // the bar with layouts, colours, lasso and search
  linked: boolean; // the address of the page keeps what is seen
}

/** One more photo, not of the world: its place (units of the geometry, 0..65535), rank, picture and nearest ranks. */
export interface Mark { x: number; y: number; rank: number; image: string; neighbours: number[] }

/** x and y, in units of a layout, are in the middle of the view; k is px per unit. */
export interface Camera { x: number; y: number; k: number }
export interface Size { width: number; height: number }
export interface View extends Size {
  dpr: number;
  free: Size; // from the top left corner on: the part that the panel does not lie over
}

/** What /ds/facets/ says of one thing that photos can be coloured and filtered by. */
export interface Facet {
  key: string;
  label: string;
  kind: 'number' | 'yes_no' | 'choice';
  unit: string; // '%' (of values in 0..1), '°' or ''
  count: number;
  low: number | null;
  high: number | null;
  values: [string | boolean, number][];
}

/** What /ds/photo/ says of one photo. */
export interface PhotoFacts {
  id?: string;
  name?: string | null;
  credit?: string | null;
  licence?: string | null;
  url?: string | null; // where it was found
  cluster?: string | null;
  measured?: [string, string][];
  neighbours?: number[]; // rows
}

// The image map: draws every photo of a world, in every layout. Streamlit calls the default export when the component
// is mounted and at each change of its data or of the theme.

import { ImageMap } from './map';
import type { Data } from './types';

interface Component { parentElement: ShadowRoot; data: Data }
const maps = new WeakMap<ShadowRoot, ImageMap>();

export default function ({ parentElement: root, data }: Component): () => void {
  let map = maps.get(root);
  if (!map) maps.set(root, (map = new ImageMap(root)));
  void map.update(data);
  return () => {
    maps.get(root)?.dispose();
    maps.delete(root);
  };
}

// The mirror: the camera scored live, in the browser alone. Streamlit calls the default export when the component is
// mounted and at each change of its data or of the theme.

import { Mirror } from './mirror';
import type { Data } from './types';

interface Component { parentElement: ShadowRoot; data: Data }
const mirrors = new WeakMap<ShadowRoot, Mirror>();

export default function ({ parentElement: root, data }: Component): () => void {
  const before = mirrors.get(root);
  if (before?.data.model !== data.model) { // another world was chosen, or none yet
    before?.dispose();
    mirrors.set(root, new Mirror(root, data));
  }
  return () => {
    mirrors.get(root)?.dispose();
    mirrors.delete(root);
  };
}

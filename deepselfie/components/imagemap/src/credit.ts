// Who made a photo, and the terms under which it may be shown: a line of the card.

import { element } from './dom';
import type { PhotoFacts } from './types';

/** Words and links; none where nothing is known. A credit may end with the address of its licence, in brackets. */
export function creditLine({ credit, licence, url }: PhotoFacts): (Node | string)[] {
  const [, words = '', terms = ''] = /^(.*?)\s*(?:\((https?:\/\/[^\s()]+)\))?$/s.exec(credit ?? '') ?? [];
  const parts = [linked(words || (isWeb(url) ? 'Source' : ''), url), linked(licence || (terms && 'Licence'), terms)].filter(Boolean);
  return parts.flatMap((part, i) => (i ? [' · ', part!] : [part!]));
}

const isWeb = (url: string | null | undefined): url is string => /^https?:\/\//i.test(url ?? '');

/** The words, as a link where the address is one of the web: a table may hold anything. */
function linked(words: string | null | undefined, url: string | null | undefined): Node | string | null {
  if (!words || !isWeb(url)) return words || null;
  return element('a', { href: url, target: '_blank', rel: 'noopener noreferrer' }, words);
}

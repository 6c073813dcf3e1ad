// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { creditLine } from './credit';
import { element } from './dom';
import type { PhotoFacts } from './types';

const TERMS = 'https://creativecommons.org/licenses/by-sa/4.0', SOURCE = 'https://commons.example/wiki/File:Ann.jpg';
const line = (facts: PhotoFacts) => element('small', {}, ...creditLine(facts));
const links = (box: HTMLElement) => [...box.querySelectorAll('a')].map((a) => [a.textContent, a.getAttribute('href')]);

describe('the line of the card that says whose a photo is', () => {
  it('names who made it and the licence, with links to the source and to the terms', () => {
    const box = line({ credit: `Ann Lee, Wikimedia Commons (${TERMS})`, licence: 'CC BY-SA 4.0', url: SOURCE });
    expect(box.textContent).toBe('Ann Lee, Wikimedia Commons · CC BY-SA 4.0');
    expect(links(box)).toEqual([['Ann Lee, Wikimedia Commons', SOURCE], ['CC BY-SA 4.0', TERMS]]);
    expect([...box.querySelectorAll('a')].every((a) => a.rel.includes('noopener') && a.target === '_blank')).toBe(true);
  });
  it('is text alone where there is no address', () => {
    const box = line({ credit: 'rendered (by hand) from a mesh', licence: 'CC0-1.0' });
    expect(box.textContent).toBe('rendered (by hand) from a mesh · CC0-1.0');
    expect(links(box)).toEqual([]);
  });
  it('says what is known where one thing is missing', () => {
    expect(links(line({ url: SOURCE }))).toEqual([['Source', SOURCE]]);
    expect(line({ licence: 'CC0' }).textContent).toBe('CC0');
    expect(links(line({ credit: `Ann (${TERMS})` }))).toEqual([['Licence', TERMS]]);
    expect(line({ credit: null, licence: null, url: null }).childNodes.length).toBe(0);
  });
  it('links to the web alone, and takes words for words', () => {
    const box = line({ credit: '<img src=x onerror=alert(1)>', licence: 'CC0', url: 'javascript:alert(1)' });
    expect(links(box)).toEqual([]);
    expect(box.querySelector('img')).toBeNull();
    expect(box.textContent).toContain('<img');
  });
});

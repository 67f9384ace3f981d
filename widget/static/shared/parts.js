/**
 * What people said, as elements: one function per kind of part, text set as text, addresses checked before they become links.
 * @module
 */

import { h } from './dom.js';

/**
 * @typedef {object} Setting how parts are shown where they are
 * @property {Record<string, string>} words
 * @property {string} base where relative addresses of files belong
 * @property {() => Promise<Part[]>} [fresh] the same parts with addresses that have not expired
 * @property {(option: Option) => void} [choose] what a pressed button does; without it buttons only show
 * @property {(option: Option) => void} [press] the same, for buttons inside of cards that stand side by side
 */

const LINK = /\b(?:https?:\/\/|www\.)[^\s<>"'“”‘’《》「」（）]+|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+/gi;
const TAIL = /[.,;:!?)\]}，。；：！？、）】]+$/;

/**
 * An address that may be followed, or an empty string: nothing that runs code, nothing local, no name that plays the host.
 * @param {string} url
 * @param {string} [base]
 */
export function safe(url, base) {
  try {
    const parsed = new URL(url, base);
    return ['http:', 'https:', 'mailto:', 'tel:'].includes(parsed.protocol) && !parsed.username ? parsed.href : '';
  } catch {
    return '';
  }
}

/**
 * @param {string} url
 * @param {...import('./dom.js').Child} children
 */
export function link(url, ...children) {
  return h('a', { href: url, target: '_blank', rel: 'noopener noreferrer nofollow' }, ...children);
}

/**
 * Text with its web and mail addresses as links.
 * @param {string} text
 * @returns {(Node | string)[]}
 */
export function linked(text) {
  /** @type {(Node | string)[]} */
  const out = [];
  let done = 0;
  for (const match of text.matchAll(LINK)) {
    const found = match[0].replace(TAIL, '');
    const mail = found.includes('@') && !/^(https?:|www\.)/i.test(found);
    const url = safe(mail ? `mailto:${found}` : /^www\./i.test(found) ? `https://${found}` : found);
    if (!url) continue;
    out.push(text.slice(done, match.index), link(url, found));
    done = match.index + found.length;
  }
  out.push(text.slice(done));
  return out;
}

/**
 * Buttons that were offered.
 * @param {Option[]} options
 * @param {Setting} setting
 */
export function options(options, setting) {
  return h('div', { class: 'options' }, ...options.map(button));

  /** @param {Option} option */
  function button(option) {
    const url = safe(option.url ?? '');
    if (url) return h('a', { class: 'option', href: url, target: '_blank', rel: 'noopener noreferrer' }, option.text);
    if (!setting.choose) return h('span', { class: 'option' }, option.text);
    return h('button', { class: 'option', type: 'button', onclick: () => setting.choose?.(option) }, option.text);
  }
}

/**
 * One part as an element; null for what is not shown.
 * @param {Part} part
 * @param {Setting} setting
 * @returns {HTMLElement | null}
 */
export function show(part, setting) {
  const { words } = setting;
  switch (part.type) {
    case 'text':
      if (part.spans?.length) return richly(part, setting);
    // falls through
    case 'choices':
      return h('p', { dir: 'auto' }, ...linked(part.text));
    case 'choice':
      return h('p', { dir: 'auto' }, part.text || part.id);
    case 'media':
    case 'location':
    case 'contact':
    case 'card':
    case 'form':
      return richly(part, setting);
    case 'event':
      return h('p', { class: 'odd' }, words[`event.${part.kind}`] ?? part.kind);
    default:
      return h('p', { class: 'odd' }, [words.unsupported, part.text || `(${part.kind})`].join(' '));
  }
}

/** @type {typeof import('./rich.js') | undefined} */
let rich;

/**
 * What is not text: drawn by a module that is fetched with the first of its kind, and at once from then on.
 * @param {import('./rich.js').Rich} part
 * @param {Setting} setting
 */
function richly(part, setting) {
  if (rich) return rich.draw(part, setting);
  const place = h('span', { class: 'coming' });
  later(place, () => import('./rich.js'), setting.words, (module) => {
    rich = module;
    place.replaceWith(module.draw(part, setting));
  });
  return place;
}

/**
 * Draw with what is fetched with its first use; where it can't be had now, a button in its place tries again.
 * @template T
 * @param {HTMLElement} place
 * @param {() => Promise<T>} fetched
 * @param {Record<string, string>} words
 * @param {(made: T) => void} draw
 */
export function later(place, fetched, words, draw) {
  const again = () => later(place, fetched, words, draw);
  fetched().then(draw, () => place.replaceChildren(h('button', { type: 'button', onclick: again }, words.retry)));
}

/**
 * All parts of something said; cards that follow each other stand side by side.
 * @param {Part[]} parts
 * @param {Setting} setting
 */
export function body(parts, setting) {
  const cards = parts.filter((part) => part.type === 'card');
  if (cards.length < 2) return parts.map((part) => show(part, setting));
  const deck = h('div', { class: 'deck', role: 'group', tabindex: 0, 'aria-label': cards.map((card) => card.title).join(', ') },
    ...cards.map((card) => show(card, { ...setting, choose: setting.press })));
  return [...parts.filter((part) => part.type !== 'card').map((part) => show(part, setting)), deck];
}

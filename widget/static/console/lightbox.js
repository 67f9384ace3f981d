/**
 * A picture of the conversation, large: the others by arrows, the original by its link, back by Escape.
 * @module
 */

import { h, icon } from '../shared/dom.js';
import { ICONS } from './icons.js';
import { say, words } from './words.js';

/** Let pictures in a box be shown large; with Ctrl or Cmd they open as links do. @param {HTMLElement} box */
export function enlarging(box) {
  box.addEventListener('click', (event) => {
    const link = /** @type {HTMLElement} */ (event.target).closest('a.picture');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const all = /** @type {HTMLAnchorElement[]} */ ([...box.querySelectorAll('a.picture')]);
    enlarge(all, all.indexOf(/** @type {HTMLAnchorElement} */ (link)));
  });
}

/** @param {HTMLAnchorElement[]} pictures links around the pictures, in their order @param {number} at which of them */
function enlarge(pictures, at) {
  const image = h('img', { alt: '' });
  const told = h('p', { role: 'status' });
  const original = h('a', { class: 'plain', target: '_blank', rel: 'noopener noreferrer', 'aria-label': words.original, title: words.original }, icon(ICONS.leave));
  const step = (/** @type {number} */ by) => {
    at = (at + by + pictures.length) % pictures.length;
    show();
  };
  const many = pictures.length > 1;
  const back = h('button', { class: 'plain step', type: 'button', 'aria-label': words.pictureBefore, onclick: () => step(-1) }, icon(ICONS.back, 26));
  const on = h('button', { class: 'plain step', type: 'button', 'aria-label': words.pictureAfter, onclick: () => step(1) }, icon(ICONS.next, 26));
  const close = h('button', { class: 'plain', type: 'button', 'aria-label': words.close, onclick: () => box.close() }, icon(ICONS.close));
  const box = h('dialog', { class: 'lightbox', 'aria-label': words.image },
    h('div', { class: 'head' }, told, original, close), h('div', { class: 'stage' }, many && back, image, many && on));
  box.addEventListener('close', () => {
    box.remove();
    pictures[at]?.focus();
  });
  box.addEventListener('click', (event) => event.target instanceof HTMLElement && event.target.matches('dialog, .stage') && box.close());
  box.addEventListener('keydown', (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || !many) return;
    event.preventDefault();
    step(by);
  });
  document.body.append(box);
  box.showModal();
  show();

  function show() {
    const { href } = pictures[at];
    const name = pictures[at].querySelector('img')?.alt ?? '';
    image.src = href;
    image.alt = name;
    original.href = href;
    told.textContent = many ? say('pictureOf', { name, n: at + 1, of: pictures.length }) : name;
  }
}

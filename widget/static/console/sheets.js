/**
 * Sheets above the page: a title, what it is about, and a way out by Escape, by its cross and by a click beside it.
 * @module
 */

import { h, icon } from '../shared/dom.js';
import { ICONS } from './icons.js';
import { words } from './words.js';

let made = 0;

/**
 * @param {string} title
 * @param {...import('../shared/dom.js').Child} body
 */
export function sheet(title, ...body) {
  const id = `sheet${made++}`;
  const close = h('button', { class: 'plain', type: 'button', 'aria-label': words.close, onclick: () => box.close() }, icon(ICONS.close));
  const box = h('dialog', { class: 'sheet', 'aria-labelledby': id }, h('div', { class: 'head' }, h('h2', { id }, title), close), ...body);
  box.addEventListener('close', () => box.remove());
  box.addEventListener('click', (event) => event.target === box && box.close());
  document.body.append(box);
  box.showModal();
  return box;
}

/**
 * A sheet that asks for something and closes once it was done.
 * @param {string} title
 * @param {string} label of the button
 * @param {import('../shared/dom.js').Child[]} fields
 * @param {(form: HTMLFormElement) => unknown} run false keeps the sheet open
 */
export function ask(title, label, fields, run) {
  const button = h('button', { class: 'primary', type: 'submit' }, label);
  const form = h('form', { class: 'asks' }, ...fields, h('div', { class: 'end' }, button));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    button.setAttribute('aria-busy', 'true');
    const kept = await run(form);
    button.removeAttribute('aria-busy');
    if (kept !== false) box.close();
  });
  const box = sheet(title, form);
  /** @type {HTMLElement | null} */ (form.querySelector('[autofocus], input:not([type=radio]), textarea, select'))?.focus();
  return box;
}

/** @param {string} label @param {HTMLElement} input @param {string} [hint] */
export function field(label, input, hint) {
  return h('label', { class: 'asked' }, h('span', {}, label), input, hint ? h('small', {}, hint) : null);
}

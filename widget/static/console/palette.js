/**
 * The command palette (Ctrl or Cmd + K): every act, view, macro and loaded conversation by a few letters.
 * @module
 */

import { fill, h, icon } from '../shared/dom.js';
import { ICONS } from './icons.js';
import { words } from './words.js';

const MOST = 60;

/** @typedef {{id: string, label: string, group: string, run: () => void, key?: string, hint?: string}} Deed */

/** Whether the letters come in this order. @param {string} text @param {string} typed */
function holds(text, typed) {
  let at = 0;
  for (const sign of typed) {
    at = text.indexOf(sign, at) + 1;
    if (!at) return false;
  }
  return true;
}

/** The better, the smaller. @param {Deed} deed @param {string} typed */
function rank({ label, group, hint = '' }, typed) {
  const text = label.toLocaleLowerCase();
  if (text.startsWith(typed)) return 0;
  if (text.includes(typed)) return 1;
  if (`${hint} ${group}`.toLocaleLowerCase().includes(typed)) return 2;
  return holds(text, typed) ? 3 : 9;
}

/** @param {Deed[]} deeds */
export function palette(deeds) {
  let at = 0;
  /** @type {Deed[]} */
  let shown = [];
  const input = h('input', {
    type: 'text', role: 'combobox', 'aria-expanded': 'true', 'aria-controls': 'palette-list', 'aria-autocomplete': 'list',
    'aria-label': words.palette, placeholder: words.paletteHint, autocomplete: 'off', spellcheck: 'false',
  });
  const list = h('ul', { id: 'palette-list', role: 'listbox', 'aria-label': words.palette });
  const none = h('p', { class: 'quiet none', role: 'status' });
  const box = h('dialog', { class: 'palette', 'aria-label': words.palette }, h('div', { class: 'find' }, icon(ICONS.search, 18), input), list, none);

  const draw = () => {
    const typed = input.value.trim().toLocaleLowerCase();
    const ranked = deeds.map((deed, i) => ({ deed, i, rank: typed ? rank(deed, typed) : 1 })).filter((one) => one.rank < 9);
    shown = ranked.sort((a, b) => a.rank - b.rank || a.i - b.i).slice(0, MOST).map((one) => one.deed);
    at = Math.min(at, Math.max(0, shown.length - 1));
    fill(list, ...shown.map((deed, i) => h('li', { id: `palette${i}`, role: 'option', 'aria-selected': String(i === at), onclick: () => take(i) },
      h('span', { class: 'label', dir: 'auto' }, deed.label), deed.hint ? h('small', {}, deed.hint) : null, h('small', { class: 'group' }, deed.group), deed.key ? h('kbd', {}, deed.key) : null)));
    none.textContent = shown.length ? '' : words.noneFound;
    if (shown.length) input.setAttribute('aria-activedescendant', `palette${at}`);
    else input.removeAttribute('aria-activedescendant');
    list.children[at]?.scrollIntoView({ block: 'nearest' });
  };
  const take = (/** @type {number} */ i) => {
    box.close();
    shown[i]?.run();
  };
  input.addEventListener('input', () => {
    at = 0;
    draw();
  });
  input.addEventListener('keydown', (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && shown.length) at = (at + step + shown.length) % shown.length;
    else if (event.key === 'Enter') return event.preventDefault(), take(at);
    else return;
    event.preventDefault();
    draw();
  });
  box.addEventListener('close', () => box.remove());
  box.addEventListener('click', (event) => event.target === box && box.close());
  document.body.append(box);
  draw();
  box.showModal();
  input.focus();
}

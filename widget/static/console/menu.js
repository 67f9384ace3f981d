/**
 * What floats above the page: menus, the sheet of shortcuts, sentences that pass by.
 * @module
 */

import { fill, h, icon } from '../shared/dom.js';
import { ICONS } from './icons.js';
import { sheet } from './sheets.js';
import { words } from './words.js';

/** @typedef {{label: string, run: () => void, hint?: string, chosen?: boolean, dot?: string, apart?: boolean}} Choice */

/**
 * A button that opens a menu; its items are asked for each time.
 * @param {HTMLButtonElement} button
 * @param {() => Choice[]} choices
 */
export function menu(button, choices) {
  button.setAttribute('aria-haspopup', 'menu');
  button.setAttribute('aria-expanded', 'false');
  button.addEventListener('click', () => unfold(button, choices()));
  return button;
}

/** Open a menu at a button. @param {HTMLButtonElement} button @param {Choice[]} choices */
export function unfold(button, choices) {
  const box = h('div', { class: 'menu', role: 'menu', popover: 'auto', 'aria-label': button.getAttribute('aria-label') ?? button.textContent });
  fill(box, ...choices.map(item));
  (document.querySelector('main') ?? document.body).append(box);
  box.addEventListener('toggle', (event) => {
    const opened = /** @type {ToggleEvent} */ (event).newState === 'open';
    button.setAttribute('aria-expanded', String(opened));
    if (opened) return;
    box.remove();
    button.focus();
  });
  box.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Tab') box.hidePopover();
    if (!step) return;
    event.preventDefault();
    const items = /** @type {HTMLElement[]} */ ([...box.querySelectorAll('[role^=menuitem]')]);
    const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    items[(at + step + items.length) % items.length]?.focus();
  });
  box.showPopover();
  place(box, button);
  /** @type {HTMLElement | null} */ (box.querySelector('[aria-checked=true]') ?? box.firstElementChild)?.focus();

  /** @param {Choice} choice */
  function item(choice) {
    const run = () => {
      box.hidePopover();
      choice.run();
    };
    const role = choice.chosen === undefined ? 'menuitem' : 'menuitemradio';
    const dot = choice.dot && h('i', { class: `dot ${choice.dot}` });
    const tick = choice.chosen && icon(ICONS.done, 16);
    const props = { type: 'button', role, 'aria-checked': choice.chosen === undefined ? null : String(choice.chosen), onclick: run };
    return h('button', { ...props, class: choice.apart ? 'apart' : null }, dot, h('span', {}, choice.label), choice.hint && h('small', {}, choice.hint), tick);
  }
}

/** @param {HTMLElement} box @param {HTMLElement} button */
function place(box, button) {
  const at = button.getBoundingClientRect();
  const { width, height } = box.getBoundingClientRect();
  const below = at.bottom + 6 + height < innerHeight;
  const left = Math.min(Math.max(8, at.right - width > 8 ? at.right - width : at.left), innerWidth - width - 8);
  box.style.left = `${left}px`;
  box.style.top = `${Math.max(8, below ? at.bottom + 6 : at.top - height - 6)}px`;
}

const KEYS = [['j', 'k'], ['Enter'], ['/'], ['r'], ['n'], ['q'], ['a'], ['t'], ['z'], ['p'], ['l'], ['y'], ['m'], ['e'], ['i'], ['x'], ['f'], ['1…5'], ['Ctrl K'], ['Esc'], ['?']];

/** The sheet of shortcuts. */
export function helpSheet() {
  const mac = /Mac/.test(navigator.platform);
  const rows = KEYS.flatMap((keys) => [
    h('dt', {}, ...keys.map((key) => h('kbd', {}, key.length === 1 ? key.toUpperCase() : mac ? key.replace('Ctrl ', '⌘') : key))),
    h('dd', {}, words[`key.${keys[0]}`]),
  ]);
  const send = [h('dt', {}, h('kbd', {}, 'Enter'), h('kbd', {}, mac ? '⌘↵' : 'Ctrl ↵')), h('dd', {}, words['key.send'])];
  sheet(words.keys, h('dl', {}, ...rows, ...send));
}

/**
 * A sentence at the bottom that passes by.
 * @param {string} text
 */
export function passing(text) {
  let shelf = document.querySelector('.passing');
  if (!shelf) {
    shelf = h('div', { class: 'passing', role: 'status' });
    (document.querySelector('main') ?? document.body).append(shelf);
  }
  const line = h('p', {}, text);
  shelf.replaceChildren(line);
  setTimeout(() => line.remove(), 5000);
}

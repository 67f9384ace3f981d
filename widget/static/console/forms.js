/**
 * What the office's pages are made of: fields, buttons that say what became of a call, secrets that are shown once.
 * @module
 */

import { h } from '../shared/dom.js';
import { Failure } from './api.js';
import { passing } from './menu.js';
import { say, words } from './words.js';

let count = 0;

/**
 * A labelled field.
 * @param {string} label @param {Record<string, any>} props of the input @param {string} [hint]
 */
export function field(label, props, hint) {
  const id = `f${++count}`;
  const about = hint && h('small', { id: `${id}h` }, hint);
  const input = h('input', { id, ...props, 'aria-describedby': hint ? `${id}h` : null });
  return { input, box: h('div', { class: 'field' }, h('label', { for: id }, label), input, about) };
}

/**
 * A labelled choice.
 * @param {string} label @param {[string, string][]} options value and text @param {string} [chosen]
 */
export function choice(label, options, chosen) {
  const id = `f${++count}`;
  const input = h('select', { id }, ...options.map(([value, text]) => h('option', { value, selected: value === chosen }, text)));
  return { input, box: h('div', { class: 'field' }, h('label', { for: id }, label), input) };
}

/** A box with a title. @param {string} title @param {...import('../shared/dom.js').Child} children */
export function section(title, ...children) {
  return h('section', { class: 'box' }, h('h3', {}, title), ...children);
}

/**
 * A form that runs a call once at a time, and says below itself what went wrong.
 * @param {string} action the button's text @param {() => Promise<void>} run @param {...import('../shared/dom.js').Child} children
 */
export function form(action, run, ...children) {
  const problem = h('p', { class: 'problem', role: 'alert' });
  const button = h('button', { class: 'primary', type: 'submit' }, action);
  const made = h('form', { novalidate: true, class: 'sheetless' }, ...children, problem, h('div', { class: 'acts' }, button));
  made.addEventListener('submit', async (event) => {
    event.preventDefault();
    button.setAttribute('aria-busy', 'true');
    problem.textContent = '';
    await run().catch((error) => (problem.textContent = reason(error)));
    button.removeAttribute('aria-busy');
  });
  return made;
}

/** A button that runs a call. @param {string} label @param {() => Promise<void>} run @param {string} [look] @param {string} [named] */
export function button(label, run, look = 'second', named) {
  const made = h('button', { class: look, type: 'button', 'aria-label': named }, label);
  made.addEventListener('click', async () => {
    made.setAttribute('aria-busy', 'true');
    await run().catch((error) => passing(reason(error)));
    made.removeAttribute('aria-busy');
  });
  return made;
}

/** Why a call failed, in the agent's language where its code is known. @param {unknown} error */
export function reason(error) {
  if (!(error instanceof Failure)) throw error;
  if (error.status === 0) return words.unreachable;
  return words[`error.${error.code}`] ?? say('failed', { reason: error.message });
}

/** A text to be taken along, with a button that copies it. @param {string} lead @param {string} text */
export function once(lead, text) {
  const copy = button(words.copy, async () => {
    await navigator.clipboard.writeText(text).catch(() => getSelection()?.selectAllChildren(shown));
    passing(words.copied);
  });
  const shown = h('code', { class: 'secret' }, text);
  return h('div', { class: 'once', role: 'status' }, h('p', {}, lead), shown, h('div', { class: 'acts' }, copy));
}

/** A table whose rows are given. @param {string} about @param {string[]} heads @param {import('../shared/dom.js').Child[][]} rows */
export function table(about, heads, rows) {
  return h('div', { class: 'wide', tabindex: '0', role: 'group', 'aria-label': about },
    h('table', {},
      h('thead', {}, h('tr', {}, ...heads.map((one) => h('th', { scope: 'col' }, one)))),
      h('tbody', {}, ...rows.map(([first, ...rest]) =>
        h('tr', {}, h('th', { scope: 'row' }, first), ...rest.map((cell) => h('td', {}, cell)))))));
}

/** A role's name. @param {string} name */
export function roleWord(name) {
  return words[`role.${name}`] ?? name;
}

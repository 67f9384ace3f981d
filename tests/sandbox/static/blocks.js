/**
 * A small Block Kit: what Frontdesk's cards, lines and modals are made of, drawn as Slack would.
 * @module
 */
import { h } from './dom.js';
import { emoji, mrkdwn } from './mrkdwn.js';
import { t } from './words.js';

/**
 * @typedef {{people: Map<string, string>, press: (action: any) => void, choose?: (action: any, value: string) => void,
 *   suggest?: (action: string, typed: string) => Promise<any[]>, pick?: (action: string, value: string) => void, error?: (block: string) => string}} On
 */

/** @param {any[]} found @param {On} on @returns {HTMLElement[]} */
export const blocks = (found, on) => found.map((one) => block(one, on));

/** @param {any} one @param {On} on @returns {HTMLElement} */
function block(one, on) {
  switch (one.type) {
    case 'header':
      return h('p', { class: 'b-header' }, words(one.text, on));
    case 'divider':
      return h('hr');
    case 'context':
      return h('p', { class: 'b-context' }, ...one.elements.map((/** @type {any} */ part) => (part.type === 'image' ? null : h('span', {}, words(part, on)))));
    case 'actions':
      return h('div', { class: 'b-actions' }, ...one.elements.map((/** @type {any} */ part) => action(part, on)));
    case 'input':
      return input(one, on);
    case 'section': {
      const fields = (one.fields ?? []).map((/** @type {any} */ field) => h('span', {}, words(field, on)));
      return h('div', { class: 'b-section' }, one.text && h('p', {}, words(one.text, on)), fields.length > 0 && h('div', { class: 'b-fields' }, ...fields), one.accessory && action(one.accessory, on));
    }
    default:
      return h('p', { class: 'quiet' }, `[${one.type}]`);
  }
}

/** @param {any} text @param {On} on @returns {Node} */
function words(text, on) {
  if (text.type === 'mrkdwn') return mrkdwn(text.text, on.people);
  return document.createTextNode(text.emoji === false ? text.text : text.text.replace(/:([a-z0-9_+-]+):/g, (/** @type {string} */ _, /** @type {string} */ name) => emoji(name)));
}

/** @param {any} part @param {On} on @returns {HTMLElement} */
function action(part, on) {
  if (part.type === 'overflow') return menu(part.action_id, t('more'), part.options.map((/** @type {any} */ one) => ({ name: one.text.text, run: () => on.choose?.(part, one.value) })));
  if (part.url) return h('a', { class: 'b-button', href: part.url, target: '_blank', rel: 'noopener noreferrer' }, part.text.text);
  const look = { class: `b-button ${part.style ?? ''}`, type: 'button', 'data-key': part.action_id, 'data-action': part.action_id };
  return h('button', { ...look, onclick: () => on.press(part) }, part.text?.text ?? part.type);
}

/**
 * A menu behind three dots.
 * @param {string} key @param {string} label @param {{name: string, run: () => void}[]} items
 */
export function menu(key, label, items) {
  const close = () => made.removeAttribute('open');
  const rows = items.map((one) => {
    const run = () => {
      close();
      one.run();
    };
    return h('button', { type: 'button', onclick: run }, one.name);
  });
  const made = h('details', { class: 'menu' }, h('summary', { 'aria-label': label, title: label, 'data-key': key }, '⋯'), h('div', {}, ...rows));
  made.addEventListener('keydown', (event) => event.key === 'Escape' && close());
  made.addEventListener('focusout', (event) => made.contains(/** @type {Node | null} */ (event.relatedTarget)) || close());
  return made;
}

/** A field of a modal; its `data-block` and `data-kind` say how it is read. @param {any} one @param {On} on */
function input(one, on) {
  const id = `field-${one.block_id}`;
  const wrong = on.error?.(one.block_id) ?? '';
  const field = element(one, id, on);
  const label = h('label', { for: id }, one.label.text);
  return h('div', { class: 'b-input' }, label, field, wrong && h('p', { class: 'wrong', role: 'alert' }, wrong));
}

/** @param {any} one @param {string} id @param {On} on @returns {HTMLElement} */
function element(one, id, on) {
  const part = one.element;
  const named = { id, 'data-block': one.block_id, 'data-kind': part.type, required: !one.optional };
  if (part.type === 'plain_text_input') {
    if (!part.multiline) return h('input', { ...named, value: part.initial_value ?? '', maxlength: part.max_length });
    const field = h('textarea', { ...named, rows: 4, maxlength: part.max_length });
    field.value = part.initial_value ?? '';
    return field;
  }
  const choice = h('select', named, h('option', { value: '' }, t('pick')));
  if (part.type === 'users_select') choice.append(...[...on.people].map(([value, name]) => h('option', { value }, name)));
  else if (part.type === 'external_select') return searched(part, choice, on);
  else options(choice, part.options ?? [], part.initial_option?.value);
  for (const group of part.option_groups ?? []) {
    const some = h('optgroup', { label: group.label.text });
    options(some, group.options);
    choice.append(some);
  }
  return choice;
}

/** @param {HTMLElement} choice @param {any[]} found @param {string} [chosen] */
function options(choice, found, chosen = '') {
  choice.append(...found.map((one) => h('option', { value: one.value, selected: one.value === chosen }, one.text.text)));
}

/** A list that the app fills. @param {any} part @param {HTMLSelectElement} choice @param {On} on */
function searched(part, choice, on) {
  const fill = async (/** @type {string} */ typed) => {
    const found = (await on.suggest?.(part.action_id, typed)) ?? [];
    choice.replaceChildren(h('option', { value: '' }, t('pick')));
    options(choice, found);
  };
  choice.addEventListener('change', () => choice.value && on.pick?.(part.action_id, choice.value));
  const find = h('input', { type: 'search', 'aria-label': t('search'), placeholder: t('search') });
  find.addEventListener('input', () => void fill(find.value));
  void fill('');
  return h('div', { class: 'b-search' }, find, choice);
}

/** What the fields of a modal hold, as Slack names it. @param {HTMLElement} form */
export function values(form) {
  /** @type {Record<string, any>} */
  const found = {};
  for (const field of form.querySelectorAll('[data-block]')) {
    const { block, kind } = /** @type {HTMLElement} */ (field).dataset;
    const value = /** @type {HTMLInputElement} */ (field).value;
    if (!block || !value) continue;
    found[block] = kind === 'users_select' ? { selected_user: value } : kind?.endsWith('select') ? { selected_option: { value } } : { value };
  }
  return found;
}

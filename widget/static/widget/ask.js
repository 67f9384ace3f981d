/**
 * Questions as fields to fill in; loaded when there is something to ask. A choice of one is a box to tick.
 * @module
 */

import { h } from '../shared/dom.js';
import { sheet } from '../shared/look.js';
import { linked } from '../shared/parts.js';

const css = sheet(`.ask{display:flex;flex-direction:column;gap:12px;margin:8px 0;padding:16px;border:1px solid var(--line);border-radius:14px;background:var(--paper)}
.ask label{display:flex;flex-direction:column;gap:4px;font-size:14px}.ask .tick{flex-direction:row;align-items:flex-start;gap:10px}.ask a{color:var(--link)}
.ask input,.ask select,.ask textarea{box-sizing:border-box;width:100%;min-height:44px;padding:8px 12px;border:1px solid var(--edge);border-radius:10px;background:var(--paper);color:inherit;font:16px/24px inherit}
.ask .tick input{flex:none;width:24px;min-height:24px;height:24px;margin:0;accent-color:var(--accent)}
.ask button{min-height:44px;padding:8px 18px;border:0;border-radius:11px;background:var(--accent);color:var(--on-accent);font:600 15px/24px inherit;cursor:pointer}
.ask :focus-visible{outline:2px solid var(--link);outline-offset:1px}`);

const TYPES = { email: 'email', phone: 'tel', number: 'number' };
const FILLS = { name: 'name', email: 'email', phone: 'tel' };

/**
 * @param {HTMLElement} place where the questions are shown
 * @param {Extract<Part, {type: 'form'}>} form
 * @param {Record<string, string>} words
 * @param {(form: {title?: string, fields: FormField[]}) => void} answered
 */
export function ask(place, form, words, answered) {
  const root = place.getRootNode();
  if (root instanceof ShadowRoot && !root.adoptedStyleSheets.includes(css)) root.adoptedStyleSheets.push(css);
  const made = form.fields.map((field) => ({ field, input: inputOf(field) }));
  const box = h('form', { class: 'ask', part: 'form' }, form.title && h('strong', {}, form.title),
    ...made.map(({ field, input }) => labelled(field, input)), h('button', { type: 'submit', part: 'submit' }, words.send));
  box.addEventListener('submit', (event) => {
    event.preventDefault();
    answered({ title: form.title, fields: made.map(({ field, input }) => ({ ...field, value: valueOf(field, input) })) });
  });
  place.replaceChildren(box);
}

/** @param {FormField} field */
function inputOf(field) {
  const { kind = 'text', options = [] } = field;
  const props = { name: field.name, required: field.required, maxlength: 2000, dir: 'auto' };
  if (kind === 'multiline') return h('textarea', { ...props, rows: 3 });
  if (kind === 'choice' && options.length === 1) return h('input', { type: 'checkbox', name: field.name, required: field.required });
  if (kind === 'choice') {
    const chosen = options.map(({ text }) => h('option', {}, text));
    return h('select', { name: field.name, required: field.required }, h('option', { value: '' }, '—'), ...chosen);
  }
  const fills = Reflect.get(FILLS, kind) ?? Reflect.get(FILLS, field.name);
  return h('input', { ...props, type: Reflect.get(TYPES, kind) ?? 'text', autocomplete: fills });
}

/** @param {FormField} field @param {HTMLElement} input */
function labelled(field, input) {
  const tick = input.getAttribute('type') === 'checkbox';
  const words = h('span', {}, ...linked(field.label), field.required && !tick && h('span', { 'aria-hidden': 'true' }, ' *'));
  return h('label', { class: tick ? 'tick' : '' }, ...(tick ? [input, words] : [words, input]));
}

/** @param {FormField} field @param {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} input */
function valueOf(field, input) {
  if (input instanceof HTMLInputElement && input.type === 'checkbox') return input.checked ? field.options?.[0].text ?? '' : '';
  return input.value.trim();
}

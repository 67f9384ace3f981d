/**
 * Questions as fields to fill in; loaded when there is something to ask. A choice of one is a box to tick.
 * @module
 */

import { h } from '../shared/dom.js';
import { sheet } from '../shared/look.js';
import { linked } from '../shared/parts.js';

const css = sheet(`.ask{--star:light-dark(#b26a00,#f2b84b);display:flex;flex-direction:column;gap:12px;margin:8px 0;padding:16px;border:1px solid var(--line);border-radius:14px;background:var(--paper)}
.ask label{display:flex;flex-direction:column;gap:4px;font-size:14px}.ask .tick{flex-direction:row;align-items:flex-start;gap:10px}.ask a{color:var(--link)}
.ask input,.ask select,.ask textarea{box-sizing:border-box;width:100%;min-height:44px;padding:8px 12px;border:1px solid var(--edge);border-radius:10px;background:var(--paper);color:inherit;font:16px/24px inherit}
.ask .tick input{flex:none;width:24px;min-height:24px;height:24px;margin:0;accent-color:var(--accent)}
.ask button{min-height:44px;padding:8px 18px;border:0;border-radius:11px;background:var(--accent);color:var(--on-accent);font:600 15px/24px inherit;cursor:pointer}
.ask .rate{display:flex;flex-wrap:wrap;gap:2px;margin:0;padding:0;border:0}
.ask .rate label{position:relative;display:grid;place-items:center;width:44px;height:44px;border-radius:10px;font-size:30px;line-height:1;color:var(--edge);cursor:pointer;transition:transform .12s}
.ask .rate label:has(~label :checked),.ask .rate label:has(:checked),.ask .rate:hover label:hover,.ask .rate:hover label:has(~label:hover){color:var(--star)}
.ask .faces label{filter:grayscale(.9);opacity:.75}.ask .faces label:has(:checked),.ask .faces label:hover{filter:none;opacity:1;transform:scale(1.15)}
.ask .rate input{position:absolute;width:1px;min-height:0;height:1px;padding:0;opacity:0}.ask .rate label:has(:focus-visible){outline:2px solid var(--link)}
.ask output{align-self:center;margin-inline-start:8px;font-size:13px;color:var(--muted)}
.thanks{display:flex;flex-wrap:wrap;align-items:baseline;justify-content:flex-end;gap:0 10px;margin:4px;font-size:13px;color:var(--muted)}
.thanks button{border:0;background:none;padding:2px;min-height:24px;color:inherit;text-decoration:underline;text-underline-offset:2px;cursor:pointer}`);

const TYPES = { email: 'email', phone: 'tel', number: 'number' };
const FILLS = { name: 'name', email: 'email', phone: 'tel' };

/**
 * What was answered already may be changed. @type {typeof ask}
 */
export function again(place, form, words, answered) {
  dress(place);
  const change = h('button', { type: 'button', onclick: () => ask(place, { ...form, submitted: false }, words, answered) }, words.change);
  place.replaceChildren(h('div', { class: 'thanks' }, h('span', {}, words.thanks), change));
}

/** @param {HTMLElement} place */
function dress(place) {
  const root = place.getRootNode();
  if (root instanceof ShadowRoot && !root.adoptedStyleSheets.includes(css)) root.adoptedStyleSheets.push(css);
}

/**
 * @param {HTMLElement} place where the questions are shown
 * @param {Extract<Part, {type: 'form'}>} form
 * @param {Record<string, string>} words
 * @param {(form: {title?: string, fields: FormField[]}) => void} answered
 * @returns {void}
 */
export function ask(place, form, words, answered) {
  if (form.submitted) return again(place, form, words, answered);
  dress(place);
  const made = form.fields.map((field) => ({ field, input: field.kind === 'rating' ? scale(field) : inputOf(field) }));
  const box = h('form', { class: 'ask', part: 'form' }, form.title && h('strong', {}, form.title),
    ...made.map(({ field, input }) => labelled(field, input)), h('button', { type: 'submit', part: 'submit' }, words.send));
  box.addEventListener('submit', (event) => {
    event.preventDefault();
    const given = made.map(({ field, input }) => ({ ...field, value: valueOf(field, input) }));
    answered({ title: form.title, fields: given.filter((one) => one.value || one.required) });
  });
  place.replaceChildren(box);
}

/** A scale to choose from: stars light up to the chosen one, faces stand alone. @param {FormField} field */
function scale({ label, name, value, options = [] }) {
  const said = h('output', {});
  const chosen = options.map(({ id, text }) => {
    const [sign, ...rest] = text.split(' ');
    const input = h('input', { type: 'radio', name, value: id, required: true, checked: id === value, 'aria-label': text });
    input.addEventListener('change', () => { said.value = rest.join(' '); });
    if (id === value) said.value = rest.join(' ');
    return h('label', { title: rest.join(' ') }, input, h('span', { 'aria-hidden': 'true' }, sign.startsWith('★') ? '★' : sign));
  });
  return h('fieldset', { class: options[0]?.text.startsWith('★') ? 'rate' : 'rate faces' }, h('legend', { class: 'vh' }, label), ...chosen, said);
}

/** @param {FormField} field */
function inputOf(field) {
  const { kind = 'text', options = [] } = field;
  const props = { name: field.name, required: field.required, maxlength: 2000, dir: 'auto' };
  if (kind === 'multiline') return h('textarea', { ...props, rows: 3 }, field.value ?? '');
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
  if (field.kind === 'rating') return input;
  const tick = input.getAttribute('type') === 'checkbox';
  const words = h('span', {}, ...linked(field.label), field.required && !tick && h('span', { 'aria-hidden': 'true' }, ' *'));
  return h('label', { class: tick ? 'tick' : '' }, ...(tick ? [input, words] : [words, input]));
}

/** @param {FormField} field @param {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement | HTMLFieldSetElement} input */
function valueOf(field, input) {
  if (input instanceof HTMLFieldSetElement) return /** @type {HTMLInputElement | null} */ (input.querySelector(':checked'))?.value ?? '';
  if (input instanceof HTMLInputElement && input.type === 'checkbox') return input.checked ? field.options?.[0].text ?? '' : '';
  return input.value.trim();
}

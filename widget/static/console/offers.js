/**
 * What agents make beside words: a card with picture, link and buttons, or a form that the customer fills in. Loaded when asked for.
 * @module
 */

import { fill, h, icon } from '../shared/dom.js';
import { safe } from '../shared/parts.js';
import { call } from './api.js';
import { ICONS } from './icons.js';
import { ask, field } from './sheets.js';
import { say, words } from './words.js';

const BUTTONS = 3;
const QUESTIONS = 8;
const KINDS = /** @type {const} */ (['text', 'multiline', 'email', 'phone', 'number', 'choice']);

/** @typedef {import('./inbox.js').Inbox} Inbox */
/** @typedef {(part: Part) => void} Take what becomes of the finished piece */

/** A field for an address that customers may follow. @param {object} [props] */
function address(props) {
  const input = h('input', { type: 'url', maxlength: 1000, placeholder: 'https://', ...props });
  input.addEventListener('input', () => {
    const url = input.value.trim();
    input.setCustomValidity(!url || /^https?:/.test(safe(url)) ? '' : words.badLink);
  });
  return input;
}

/** @param {Inbox} inbox @param {Take} take */
export function askCard(inbox, take) {
  const title = h('input', { type: 'text', required: true, maxlength: 120 });
  const text = h('textarea', { rows: 2, maxlength: 1000 });
  const url = address();
  const { file, box: picture } = picker();
  const rows = Array.from({ length: BUTTONS }, (_, i) => ({
    label: h('input', { type: 'text', maxlength: 40, 'aria-label': say('buttonN', { n: i + 1 }), placeholder: words.buttonText }),
    link: address({ 'aria-label': say('buttonLinkN', { n: i + 1 }), placeholder: words.buttonLink }),
  }));
  const buttons = h('fieldset', { class: 'pairs' }, h('legend', {}, words.buttons), h('small', {}, words.buttonsHint), ...rows.map(({ label, link }) => h('div', { class: 'pair' }, label, link)));
  const fields = [field(words.cardTitle, title), field(words.cardText, text), field(words.cardLink, url), picture, buttons];
  ask(words.card, words.addCard, fields, async () => {
    const options = rows.flatMap(({ label, link }, i) => (label.value.trim() ? [{ id: `b${i + 1}`, text: label.value.trim(), url: link.value.trim() }] : []));
    const image = await pictured(inbox, file.files?.[0]);
    if (image === undefined) return false;
    take({ type: 'card', title: title.value.trim(), text: text.value.trim(), url: url.value.trim(), image, options });
    return true;
  });
}

/** A button that asks for a picture, and the name of the one that was chosen. */
function picker() {
  const file = h('input', { type: 'file', accept: 'image/*', hidden: true, 'aria-label': words.cardPicture });
  const name = h('span', { class: 'quiet', role: 'status' });
  const button = h('button', { class: 'second', type: 'button', onclick: () => file.click() }, icon(ICONS.clip, 16), words.choosePicture);
  file.addEventListener('change', () => (name.textContent = file.files?.[0]?.name ?? ''));
  return { file, box: h('div', { class: 'asked' }, h('span', {}, words.cardPicture), h('div', { class: 'picker' }, file, button, name)) };
}

/** @param {Inbox} inbox @param {File} [file] @returns {Promise<MediaPart | null | undefined>} undefined when it could not be kept */
async function pictured(inbox, file) {
  if (!file) return null;
  const form = new FormData();
  form.append('file', file);
  try {
    const kept = await call('POST', '/files', form);
    return { type: 'media', kind: 'image', file: kept.id, name: kept.name, mime: kept.mime, size: kept.size, url: kept.url };
  } catch (error) {
    inbox.complain(error);
    return undefined;
  }
}

/** One question of a form. @param {() => void} gone it was taken away */
function question(gone) {
  const label = h('input', { type: 'text', required: true, maxlength: 120, 'aria-label': words.question, placeholder: words.question });
  const kind = h('select', { 'aria-label': words.answerKind }, ...KINDS.map((one) => h('option', { value: one }, words[`answer.${one}`])));
  const options = h('input', { type: 'text', maxlength: 400, hidden: true, 'aria-label': words.choices, placeholder: words.choices });
  const must = h('input', { type: 'checkbox' });
  kind.addEventListener('change', () => {
    options.hidden = kind.value !== 'choice';
    options.required = !options.hidden;
  });
  const drop = h('button', { class: 'plain', type: 'button', 'aria-label': words.dropQuestion, onclick: gone }, icon(ICONS.close, 14));
  const row = h('div', { class: 'question' }, label, kind, drop, options, h('label', { class: 'tick' }, must, words.mustAnswer));
  return { label, kind, options, must, row };
}

/** @param {Take} take */
export function askForm(take) {
  const title = h('input', { type: 'text', required: true, maxlength: 120 });
  const list = h('div', { class: 'questions' });
  /** @type {ReturnType<typeof question>[]} */
  let questions = [];
  const more = h('button', { class: 'second', type: 'button', onclick: () => add()?.label.focus() }, words.addQuestion);
  const draw = () => {
    fill(list, ...questions.map(({ row }) => row));
    more.hidden = questions.length >= QUESTIONS;
  };
  const add = () => {
    const one = question(() => {
      questions = questions.filter((other) => other !== one);
      if (questions.length) draw();
      else add();
    });
    questions.push(one);
    draw();
    return one;
  };
  add();
  ask(words.form, words.addForm, [field(words.formTitle, title), list, more], () => take({ type: 'form', title: title.value.trim(), fields: questions.map(asked) }));
}

/** @param {ReturnType<typeof question>} one @param {number} i @returns {FormField} */
function asked({ label, kind, options, must }, i) {
  const choices = options.value.split(/[,，、]/).map((text) => text.trim()).filter(Boolean);
  const more = kind.value === 'choice' ? { options: choices.map((text) => ({ id: text, text })) } : {};
  return { name: `q${i + 1}`, label: label.value.trim(), kind: /** @type {FormField['kind']} */ (kind.value), required: must.checked, ...more };
}

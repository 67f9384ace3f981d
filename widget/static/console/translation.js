/**
 * Translations below what they translate, and the switch that asks for them.
 * @module
 */

import { h } from '../shared/dom.js';
import { lang, say, words } from './words.js';

/** @typedef {{text: string, language: string, from: string, why: string}} Translation */

/** What an entry tells of another one's translation; nothing for every other entry. @param {Ev} ev @returns {Translation | undefined} */
export function translationOf(ev) {
  const data = ev.d.data ?? {};
  if (ev.k !== 'changed' || data.what !== 'translated' || data.state === 'same') return undefined;
  const text = (ev.d.parts ?? []).map((part) => ('text' in part && part.text) || ('title' in part && part.title) || '').filter(Boolean).join('\n');
  return { text, language: data.language ?? '', from: data.from ?? '', why: data.state === 'failed' ? data.reason || words.noReason : '' };
}

/** @param {Translation | undefined} made @param {boolean} theirs whether the customer wrote the original */
export function below(made, theirs) {
  if (!made) return null;
  if (made.why) return h('p', { class: 'tr odd' }, say('tr.failed', { reason: made.why }));
  const label = say(theirs ? 'tr.from' : 'tr.got', { language: called(theirs ? made.from : made.language) });
  return h('div', { class: 'tr' }, h('small', {}, label), h('p', { lang: made.language, dir: 'auto' }, made.text));
}

/** @param {string} code */
function called(code) {
  try {
    return new Intl.DisplayNames([lang], { type: 'language' }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** Whether there is something to switch, and the words of the switch. @param {Detail} detail */
export const label = ({ translated }) => (translated === true ? words['tr.off'] : words['tr.on']);

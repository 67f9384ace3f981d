/**
 * What a customer thought, as stars: drawn for the eye, told as words.
 * @module
 */

import { h } from '../shared/dom.js';
import { say } from './words.js';

const BEST = 5;

/** @param {number} score 1 to 5 */
export const stars = (score) => h('span', { class: score < 3 ? 'stars low' : 'stars', role: 'img', 'aria-label': say('ratedAs', { n: score }) },
  '★'.repeat(score), h('i', {}, '★'.repeat(BEST - score)));

/** The short form for a list. @param {number} score */
export const starred = (score) => h('span', { class: score < 3 ? 'chip rated low' : 'chip rated', title: say('ratedAs', { n: score }) },
  h('span', { 'aria-hidden': 'true' }, `★ ${score}`), h('span', { class: 'vh' }, say('ratedAs', { n: score })));

/** What a customer wrote beside the stars. @param {Part[]} parts @returns {Part[]} */
export function remark(parts) {
  return parts.flatMap((part) => (part.type !== 'form' ? [] : part.fields.filter((one) => one.kind !== 'rating' && one.value?.trim())
    .map((one) => /** @type {Part} */ ({ type: 'text', text: one.value ?? '' }))));
}

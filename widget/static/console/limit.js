/**
 * The meter above the field: how long and how often the channel lets us answer.
 * @module
 */

import { fill, h } from '../shared/dom.js';
import { dayOf, timeOf } from '../shared/when.js';
import { lang, say, words } from './words.js';

/** @param {HTMLElement} limit where it stands @param {Detail} detail */
export function limited(limit, { window: there, status }) {
  const until = there?.until ? `${dayOf(there.until, lang)} ${timeOf(there.until, lang)}` : '';
  const counted = say(there?.quota ? 'answersLeft' : 'answersUntil', { n: there?.calls_left ?? 0, of: there?.quota ?? 0, until });
  const left = there?.open ? counted : words.answersShut;
  const text = there && status === 'open' ? left : '';
  const remains = there?.until ? Math.max(0, Date.parse(there.until) - Date.now()) : 0;
  limit.classList.toggle('calm', Boolean(there?.open && (there.calls_left > 1 || !there.quota) && remains > 3_600_000));
  if (limit.title === text) return;
  limit.title = text;
  const dots = there?.open && there.quota <= 12 ? Array.from({ length: there.quota }, (_, i) => h('i', { class: i < there.calls_left ? 'left' : '' })) : [];
  fill(limit, text ? h('span', { class: 'quota', 'aria-hidden': 'true' }, ...dots) : null, text ? h('span', {}, text) : null);
}

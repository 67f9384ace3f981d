/**
 * What can be done to conversations: each step as the hub's calls know it, alone or for many at once.
 * @module
 */

import { newId } from '../shared/dom.js';
import { dayOf, timeOf } from '../shared/when.js';
import { post } from './api.js';
import { lang, say, words } from './words.js';

/** @typedef {Record<string, any>} Step one key, as `POST /bulk` has it */
/** @typedef {{conversation: string, ok: boolean, code: string}} Outcome */

export const LEVELS = ['normal', 'low', 'high', 'urgent'];

/** The call for one conversation alone. @param {Step} step @returns {[string, object]} */
function single(step) {
  const [[kind, value]] = Object.entries(step);
  switch (kind) {
    case 'tag': return ['tags', { add: value }];
    case 'untag': return ['tags', { remove: value }];
    case 'priority': return ['priority', { level: LEVELS.indexOf(value) }];
    case 'assign': return ['assign', value];
    case 'until': return ['snooze', { until: value }];
    case 'sleep': return ['snooze', { until: null }];
    case 'wake': return ['snooze', { until: new Date().toISOString() }];
    case 'block': case 'unblock': return [kind, { reason: value }];
    default: return [kind, {}];
  }
}

/**
 * @param {string[]} ids
 * @param {Step[]} steps
 * @returns {Promise<Outcome[]>}
 */
export async function carry(ids, steps) {
  if (ids.length !== 1) return (await post('/bulk', { id: newId(), conversations: ids, do: steps })).items;
  for (const step of steps) {
    const [act, more] = single(step);
    await post(`/conversations/${ids[0]}/${act}`, { id: newId(), ...more });
  }
  return [{ conversation: ids[0], ok: true, code: '' }];
}

/** @param {string[]} ids @param {string} macro @returns {Promise<Outcome[]>} */
export const run = async (ids, macro) => (await post('/bulk', { id: newId(), conversations: ids, macro })).items;

/** Times to sleep until, as people say them. @param {Date} now */
export function times(now = new Date()) {
  const at = (/** @type {number} */ days, /** @type {number} */ hour) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour);
  const later = (/** @type {number} */ hours) => new Date(now.getTime() + hours * 3_600_000);
  const monday = ((8 - now.getDay()) % 7) || 7;
  return [
    { label: say('in.hours', { n: 1 }), until: later(1) },
    { label: say('in.hours', { n: 3 }), until: later(3) },
    { label: words['in.tomorrow'], until: at(1, 9) },
    { label: words['in.monday'], until: at(monday, 9) },
  ].map((one) => ({ ...one, hint: `${dayOf(one.until.toISOString(), lang)} ${timeOf(one.until.toISOString(), lang)}` }));
}

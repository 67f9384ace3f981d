/**
 * What admins laid ready for agents: teams, tags with colours, macros, how busy everybody is, the seconds to undo.
 * @module
 */

import { get } from './api.js';
import { lang } from './words.js';

/** @typedef {{name: string, title: Record<string, string>, acts: string[]}} Macro */
/** @typedef {{agent: string, open: number, most: number}} Busy */

export const bench = {
  /** @type {string[]} */
  teams: [],
  /** @type {string[]} */
  channels: [],
  /** @type {{name: string, colour: string}[]} */
  tags: [],
  /** @type {Macro[]} */
  macros: [],
  undo: 0,
  capacity: 0,
  /** @type {Busy[]} */
  busy: [],
};

/** Ask for it; what cannot be had stays as it was. */
export async function loadBench() {
  Object.assign(bench, await get('/workbench').catch(() => ({})));
}

/** A title in the agent's language. @param {Record<string, string>} title */
export const titled = (title) => title[lang] ?? title[lang.split('-')[0]] ?? title['*'] ?? title.en ?? Object.values(title)[0] ?? '';

/** @param {string} tag */
export const colourOf = (tag) => bench.tags.find((one) => one.name === tag)?.colour ?? 'grey';

/** How many open conversations an agent has of how many. @param {string} agent */
export function loadOf(agent) {
  const found = bench.busy.find((one) => one.agent === agent);
  return found ? `${found.open}/${found.most}` : '';
}

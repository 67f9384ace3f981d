/**
 * Times that run: how long a customer has waited, and until when an answer was promised. A tick a second writes the texts that
 * have changed and nothing else: no row is drawn for it.
 * @module
 */

import { h, icon } from '../shared/dom.js';
import { dayOf, timeOf } from '../shared/when.js';
import { elapsed, span } from './ago.js';
import { ICONS } from './icons.js';
import { lang, say, words } from './words.js';

const TICK_MS = 1000;
/** Before its end a promise is shown as urgent for so long. */
const SOON_MS = 600_000;

/** @typedef {{kind: 'first' | 'next' | 'resolve', at: string}} Due */

/** How long a customer has waited. @param {string} since @param {boolean} [whole] as a sentence */
export function waited(since, whole = false) {
  const text = h('span', { 'data-clock': whole ? 'waits' : 'wait', 'data-at': since });
  const made = h('span', { class: 'chip wait' }, icon(ICONS.waiting, 13), whole ? null : h('span', { class: 'vh' }, `${words.waitingWord}: `), text);
  run(text);
  return made;
}

/** What was promised, and how much time is left for it. @param {Due} due @param {boolean} [whole] as a sentence */
export function promised({ kind, at }, whole = false) {
  const text = h('span', { 'data-clock': whole ? 'dueAs' : 'due', 'data-at': at, 'data-kind': kind });
  const when = `${words[`due.${kind}`]}: ${dayOf(at, lang)} ${timeOf(at, lang)}`;
  const made = h('span', { class: 'chip due', title: when }, icon(ICONS.flag, 13), whole ? null : h('span', { class: 'vh' }, `${words[`due.${kind}`]}: `), text);
  run(text);
  return made;
}

/** @param {HTMLElement} node the text of a clock */
function run(node) {
  const { clock = '', at = '', kind = '' } = node.dataset;
  const left = Date.parse(at) - Date.now();
  const late = left < 0;
  const text = !clock.startsWith('due') ? elapsed(at, words) : span(Math.abs(left) / 1000, words);
  const key = { wait: 'clock.plain', waits: 'clock.waits', due: late ? 'clock.late' : 'clock.left', dueAs: late ? 'clock.isLate' : 'clock.isLeft' }[clock];
  const told = say(key ?? '', { time: text, what: words[`due.${kind}`] ?? '' });
  if (node.textContent !== told) node.textContent = told;
  if (!clock.startsWith('due')) return;
  node.parentElement?.classList.toggle('late', late);
  node.parentElement?.classList.toggle('soon', !late && left < SOON_MS);
}

/** Let every clock of the page go on. */
export function start() {
  setInterval(() => {
    if (document.visibilityState === 'hidden') return;
    for (const node of document.querySelectorAll('[data-clock]')) run(/** @type {HTMLElement} */ (node));
  }, TICK_MS);
}

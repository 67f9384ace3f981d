/**
 * Times as lists and counters show them: the shortest that says when, and how long it has been.
 * @module
 */

import { dayOf, format, midnight, timeOf } from '../shared/when.js';

/**
 * The shortest that says when: a time for today, a date otherwise.
 * @param {string} at
 * @param {string} lang
 */
export function briefly(at, lang) {
  const date = new Date(at);
  const days = Math.round((midnight(new Date()) - midnight(date)) / 86_400_000);
  if (days === 0) return timeOf(at, lang);
  if (days === 1) return dayOf(at, lang);
  if (days < 300) return format(lang, { month: lang.startsWith('zh') ? 'long' : 'short', day: 'numeric' }).format(date);
  return format(lang, { year: 'numeric', month: '2-digit', day: '2-digit' }).format(date);
}

/**
 * How long it has been: minutes and seconds below an hour, then hours, then days.
 * @param {string} since
 * @param {Record<string, string>} words
 */
export function elapsed(since, words) {
  return span((Date.now() - Date.parse(since)) / 1000, words);
}

/**
 * So many seconds in the same words.
 * @param {number} length
 * @param {Record<string, string>} words
 */
export function span(length, words) {
  const seconds = Math.max(0, Math.floor(length));
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  if (seconds < 172_800) return words.hours.replace('{n}', String(Math.floor(seconds / 3600)));
  return words.days.replace('{n}', String(Math.floor(seconds / 86_400)));
}

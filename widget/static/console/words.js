/**
 * The console's texts in the agent's language.
 * @module
 */

import { recall, remember } from '../shared/outbox.js';

export const KEY = 'frontdesk language';
export const LANGUAGES = { 'zh-CN': '中文', en: 'English' };

const HAN = /\p{Script=Han}/u;

/** @type {Record<string, string>} */
export const words = {};

const asked = new URLSearchParams(location.search).get('lang') ?? recall(KEY) ?? navigator.language;
export const lang = /^zh/i.test(asked) ? 'zh-CN' : 'en';

/** @param {string} [part] texts of a page that few agents open, as `office/` */
export async function loadWords(part = '') {
  document.documentElement.lang = lang;
  const answer = await fetch(`/static/console/texts/${part}${lang}.json`);
  Object.assign(words, await answer.json());
}

/**
 * A text with its blanks filled in. The space that stands between Han and Latin goes where Han comes beside Han.
 * @param {string} key
 * @param {Record<string, string | number>} blanks
 */
export function say(key, blanks) {
  return (words[key] ?? key).replace(/( ?)\{(\w+)\}( ?)/g, (_, before, name, after) => {
    const value = String(blanks[name] ?? '');
    const close = lang === 'zh-CN';
    return (close && HAN.test(value[0] ?? '') ? '' : before) + value + (close && HAN.test(value.at(-1) ?? '') ? '' : after);
  });
}

/** Why something was refused, in the agent's language where its code is known. @param {string} reason */
export function explain(reason) {
  const code = /\(([a-z_]+)\)$/.exec(reason)?.[1];
  return (code && words[`refused.${code}`]) || reason;
}

/** @param {Row} row a customer's name, or what we call one who has none */
export const nameOf = (row) => row.customer.name || say('visitor', { id: row.customer.id.slice(-4).toUpperCase() });

/** @param {string} chosen */
export function speak(chosen) {
  remember(KEY, chosen);
  const url = new URL(location.href);
  url.searchParams.delete('lang');
  history.replaceState(null, '', url);
  location.reload();
}

/**
 * A channel's name as a word on its tag.
 * @param {string} channel
 */
export function channelWord(channel) {
  return words[`channel.${channel}`] ?? channel;
}

/**
 * Slack's mrkdwn as elements: tokens first, entities last; what is no formatting stays text.
 * @module
 */
import { h } from './dom.js';
import { spoken } from './words.js';

/** @type {Record<string, string>} */
const EMOJI = {
  white_check_mark: '✅', warning: '⚠️', question: '❓', hourglass_flowing_sand: '⏳', eyes: '👀', smile: '😄', '+1': '👍', tada: '🎉', heart: '❤️', wave: '👋', pray: '🙏',
};
const TOKEN = /```([\s\S]+?)```|`([^`\n]+)`|<([^<>\n]+)>|(?<![A-Za-z0-9])([*_~])(?=\S)((?:(?!\4)[^\n])+?)(?<=\S)\4(?![A-Za-z0-9])|:([a-z0-9_+-]+):/g;
const PLAIN = /<([^<>\n]+)>/g;
/** @type {Record<string, 'strong' | 'em' | 's'>} */
const STYLE = { '*': 'strong', _: 'em', '~': 's' };

/** @type {Record<string, string>} */
const ENTITIES = { '&lt;': '<', '&gt;': '>', '&amp;': '&' };

/** @param {string} name */
export const emoji = (name) => EMOJI[name] ?? `:${name}:`;

/** @param {string} text */
const decoded = (text) => text.replace(/&(?:lt|gt|amp);/g, (entity) => ENTITIES[entity]);

/**
 * @param {string} text @param {Map<string, string>} people names by id @param {boolean} [formats] false where Slack shows markers as they are
 * @returns {DocumentFragment}
 */
export function mrkdwn(text, people, formats = true) {
  const made = document.createDocumentFragment();
  let at = 0;
  for (const found of text.matchAll(formats ? TOKEN : PLAIN)) {
    const node = formats ? piece(found, people) : token(found[1], people);
    if (!node) continue;
    made.append(decoded(text.slice(at, found.index)), node);
    at = found.index + found[0].length;
  }
  made.append(decoded(text.slice(at)));
  return made;
}

/** @param {RegExpMatchArray} found @param {Map<string, string>} people @returns {Node | null} */
function piece(found, people) {
  const [, block, code, inside, marker, styled, name] = found;
  if (block !== undefined) return h('pre', {}, decoded(block.replace(/^\n|\n$/g, '')));
  if (code !== undefined) return h('code', {}, decoded(code));
  if (inside !== undefined) return token(inside, people);
  if (marker !== undefined) return h(STYLE[marker], {}, mrkdwn(styled, people));
  return EMOJI[name] ? document.createTextNode(EMOJI[name]) : null;
}

/** The inside of <…>. @param {string} inside @param {Map<string, string>} people @returns {Node} */
function token(inside, people) {
  const [target, label = ''] = inside.split(/\|(.*)/s);
  if (target.startsWith('@')) return h('span', { class: 'call' }, `@${people.get(target.slice(1)) ?? (decoded(label) || target.slice(1))}`);
  if (target.startsWith('#')) return h('span', { class: 'call' }, `#${decoded(label) || target.slice(1)}`);
  if (target.startsWith('!date^')) return h('time', {}, clock(Number(target.split('^')[1]), decoded(label)));
  if (target.startsWith('!')) return h('span', { class: 'call all' }, `@${target.slice(1).split('^')[0]}`);
  if (/^https?:\/\//.test(target)) {
    return h('a', { href: decoded(target), target: '_blank', rel: 'noopener noreferrer' }, decoded(label || target));
  }
  return document.createTextNode(decoded(label || target));
}

/** @param {number} seconds @param {string} otherwise */
function clock(seconds, otherwise) {
  const at = new Date(seconds * 1000);
  return Number.isNaN(at.getTime()) ? otherwise : at.toLocaleString(spoken() === 'zh' ? 'zh-CN' : 'en', { dateStyle: 'medium', timeStyle: 'short' });
}

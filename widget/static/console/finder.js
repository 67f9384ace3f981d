/**
 * What was said that holds the words in the search field, below the conversations that match.
 * @module
 */

import { fill, h, icon } from '../shared/dom.js';
import { briefly } from './ago.js';
import { get } from './api.js';
import { ICONS } from './icons.js';
import { channelWord, lang, say, words } from './words.js';

/** @typedef {{id: string, conversation: string, customer: {id: string, name: string}, channel: string, n: number, k: string, by: By, at: string, snippet: string}} Hit */

export class Finder extends HTMLElement {
  /** @param {import('./inbox.js').Inbox} inbox */
  constructor(inbox) {
    super();
    this.inbox = inbox;
    this.query = '';
    /** @type {Hit[]} */
    this.hits = [];
    /** @type {string | null} */
    this.next = null;
    this.looking = false;
  }

  connectedCallback() {
    this.inbox.addEventListener('list', () => this.#follow());
    this.#draw();
  }

  #follow() {
    const { query } = this.inbox;
    if (query === this.query) return;
    this.query = query;
    this.hits = [];
    this.next = null;
    this.#draw();
    if (query) this.#look();
  }

  async #look() {
    const { query, next } = this;
    this.looking = true;
    this.#draw();
    const found = await get(`/search?limit=20&q=${encodeURIComponent(query)}${next ? `&cursor=${next}` : ''}`).catch(() => null);
    if (query !== this.query) return;
    this.looking = false;
    if (found) {
      this.hits.push(...found.items);
      this.next = found.next;
    }
    this.#draw();
  }

  #draw() {
    const { query, hits, next, looking } = this;
    this.hidden = !query;
    if (!query) return this.replaceChildren();
    const rows = hits.map((hit) => h('li', {}, h('a', { href: `#/c/${hit.conversation}/${hit.n}` },
      h('span', { class: 'top' }, h('b', { class: 'name', dir: 'auto' }, hit.customer.name || say('visitor', { id: hit.customer.id.slice(-4).toUpperCase() })),
        h('span', { class: 'tag' }, channelWord(hit.channel)), h('time', { datetime: hit.at }, briefly(hit.at, lang))),
      h('span', { class: 'said', dir: 'auto' }, ...marked(hit.snippet, query)))));
    const more = next !== null && !looking ? h('button', { class: 'earlier', type: 'button', onclick: () => this.#look() }, words.lookFurther) : null;
    const status = looking ? words.looking : hits.length ? '' : words.nothingSaid;
    fill(this, h('h3', {}, icon(ICONS.note, 14), words.inMessages), h('ul', { 'aria-label': words.inMessages }, ...rows), h('p', { class: 'quiet', role: 'status' }, status), more);
  }
}

/** The words that were looked for, marked. @param {string} text @param {string} query @returns {(Node | string)[]} */
function marked(text, query) {
  const wanted = query.split(/\s+/).filter(Boolean).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  if (!wanted.length) return [text];
  return text.split(new RegExp(`(${wanted.join('|')})`, 'iu')).map((piece, i) => (i % 2 ? h('mark', {}, piece) : piece));
}

customElements.define('fd-finder', Finder);

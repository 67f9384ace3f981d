/**
 * The panel beside a conversation: who the customer is, where they write from, what was said before.
 * @module
 */

import { fill, h, icon } from '../shared/dom.js';
import { safe } from '../shared/parts.js';
import { briefly, dayOf, timeOf } from '../shared/when.js';
import { ICONS } from './icons.js';
import { avatar, nameOf } from './list.js';
import { channelWord, lang, words } from './words.js';

export class Details extends HTMLElement {
  /** @param {import('./inbox.js').Inbox} inbox @param {() => void} close */
  constructor(inbox, close) {
    super();
    this.inbox = inbox;
    this.close = close;
  }

  connectedCallback() {
    this.setAttribute('role', 'region');
    this.setAttribute('aria-label', words.details);
    this.inbox.addEventListener('detail', () => this.#draw());
    this.#draw();
  }

  #draw() {
    const { detail } = this.inbox;
    this.hidden = !detail;
    if (!detail) return;
    const name = nameOf(detail);
    const back = h('button', { class: 'plain back', type: 'button', 'aria-label': words.back, onclick: () => this.close() }, icon(ICONS.back));
    const head = h('div', { class: 'head' }, back, avatar(name, detail.customer.id), h('div', { class: 'names' }, h('h2', { dir: 'auto' }, name), h('p', {}, channelWord(detail.channel))));
    fill(this, head, this.#contact(detail), this.#matter(detail), this.#identities(detail), this.#history(detail));
  }

  /** @param {Detail} detail */
  #contact({ profile }) {
    const page = safe(profile.page ?? '');
    const rows = [
      profile.email && fact(words.email, link(`mailto:${profile.email}`, profile.email)),
      profile.phone && fact(words.phone, link(`tel:${profile.phone}`, profile.phone)),
      profile.username && fact(words.username, profile.username),
      profile.locale && fact(words.language, languageName(profile.locale)),
      page && fact(words.page, link(page, page.replace(/^https?:\/\//, ''))),
    ].filter((row) => row);
    return section(words.profile, rows.length ? h('dl', {}, .../** @type {HTMLElement[]} */ (rows)) : h('p', { class: 'quiet' }, words.noProfile));
  }

  /** @param {Detail} detail */
  #matter(detail) {
    const began = `${dayOf(detail.created_at, lang)} ${timeOf(detail.created_at, lang)}`;
    const rows = [
      fact(words.status, detail.status === 'open' ? words.openWord : words.resolvedWord),
      fact(words.assigned, detail.agent?.name || words.nobody),
      detail.team && fact(words.team, detail.team),
      fact(words.began, began),
    ];
    return section(words.matter, h('dl', {}, ...rows.filter((row) => row)));
  }

  /** @param {Detail} detail */
  #identities({ identities }) {
    const rows = identities.map((one) => fact(channelWord(one.channel), h('code', {}, one.address ?? one.external_id ?? '')));
    return rows.length ? section(words.identities, h('dl', {}, ...rows)) : null;
  }

  /** @param {Detail} detail */
  #history({ history }) {
    if (!history.length) return section(words.past, h('p', { class: 'quiet' }, words.noPast));
    const rows = history.map((row) =>
      h('li', {}, h('a', { href: `#/c/${row.id}` },
        h('span', { class: 'when' }, `${channelWord(row.channel)} · ${briefly(row.last_at, lang)}`),
        h('span', { class: 'what', dir: 'auto' }, row.preview || '—'))));
    return section(words.past, h('ul', { class: 'past' }, ...rows));
  }
}

/** @param {string} title @param {HTMLElement} body */
const section = (title, body) => h('section', {}, h('h3', {}, title), body);

/** @param {string} label @param {Node | string} value */
const fact = (label, value) => h('div', {}, h('dt', {}, label), h('dd', { dir: 'auto' }, value));

/** @param {string} href @param {string} text */
const link = (href, text) => h('a', { href, target: '_blank', rel: 'noopener noreferrer' }, text);

/** @param {string} code */
function languageName(code) {
  try {
    return new Intl.DisplayNames(lang, { type: 'language' }).of(code.replace('_', '-')) ?? code;
  } catch {
    return code;
  }
}

customElements.define('fd-details', Details);

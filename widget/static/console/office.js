/**
 * The pages beside the inbox: one's own account, people, reports. Loaded when somebody opens one of them.
 * @module
 */

import { h, icon } from '../shared/dom.js';
import { Account } from './account.js';
import { ICONS } from './icons.js';
import { People } from './people.js';
import { Reports } from './reports.js';
import { loadWords, words } from './words.js';

/** @type {[string, string, new (me: Me) => HTMLElement][]} name, right, page */
const ROOMS = [['account', '', Account], ['people', 'people', People], ['reports', 'reports', Reports]];

/** Load what these pages need: their texts and their look. */
export async function furnish() {
  const link = h('link', { rel: 'stylesheet', href: '/static/console/office.css' });
  const there = new Promise((done) => {
    link.addEventListener('load', done);
    link.addEventListener('error', done);
  });
  document.head.append(link);
  await Promise.all([loadWords('office/'), there]);
}

export class Office extends HTMLElement {
  /** @param {Me} me */
  constructor(me) {
    super();
    this.me = me;
    this.shown = '';
    this.tabs = ROOMS.filter(([, right]) => !right || me.rights.includes(right)).map(([name]) =>
      h('a', { href: `#/${name}`, 'data-room': name }, words[`room.${name}`]));
    this.body = h('div', { class: 'room' });
    this.append(
      h('header', {},
        h('a', { class: 'plain', href: '#', 'aria-label': words.backToInbox, title: words.backToInbox }, icon(ICONS.back)),
        h('nav', { 'aria-label': words.office }, ...this.tabs)),
      this.body);
  }

  /** @param {Me} me */
  static async made(me) {
    await furnish();
    return new Office(me);
  }

  /** @param {string} name */
  show(name) {
    const room = ROOMS.find(([one, right]) => one === name && (!right || this.me.rights.includes(right)));
    if (!room || this.shown === name) return;
    this.shown = name;
    for (const tab of this.tabs) tab.toggleAttribute('aria-current', tab.dataset.room === name);
    document.title = `${words[`room.${name}`]} · Frontdesk`;
    this.body.replaceChildren(h('h2', {}, words[`room.${name}`]), h('p', { class: 'lead' }, words[`${name}.lead`]), new room[2](this.me));
    this.scrollTop = 0;
  }

  disconnectedCallback() {
    this.shown = '';
  }
}

customElements.define('fd-office', Office);

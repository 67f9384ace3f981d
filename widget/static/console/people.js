/**
 * Who answers: inviting, roles, switching off, help for those who lost a password or a device.
 * @module
 */

import { h } from '../shared/dom.js';
import { call, get, post } from './api.js';
import { button, choice, field, form, once, roleWord, section } from './forms.js';
import { avatar } from './list.js';
import { passing } from './menu.js';
import { say, words } from './words.js';
import { Workspaces } from './workspaces.js';

/** @typedef {Agent & {disabled: boolean, factor: boolean}} Colleague */
/** @typedef {{name: string, rights: string[], shipped: boolean, factor: boolean, yours: boolean}} Role */

export class People extends HTMLElement {
  /** @param {Me} me */
  constructor(me) {
    super();
    this.me = me;
    this.made = h('div');
    this.list = h('ul', { class: 'lines people' });
    this.load();
  }

  async load() {
    /** @type {[{items: Colleague[]}, {items: Role[]}]} */
    const [people, roles] = await Promise.all([get('/agents'), get('/roles')]);
    this.roles = roles.items;
    this.list.replaceChildren(...people.items.map((one) => this.#person(one)));
    if (!this.isConnected || this.childElementCount) return;
    this.append(section(words.invite, this.made, this.#invite()), section(words['room.people'], this.list), this.#explained(), new Workspaces());
  }

  connectedCallback() {
    if (this.roles && !this.childElementCount) this.load();
  }

  #invite() {
    const email = field(words.inviteEmail, { type: 'email', autocomplete: 'off', maxlength: 190 });
    const name = field(words.inviteName, { autocomplete: 'off', maxlength: 100 });
    const mine = (this.roles ?? []).filter((one) => one.yours);
    const role = choice(words.role, mine.map((one) => [one.name, roleWord(one.name)]), 'agent');
    return form(words.sendInvite, async () => {
      const made = await post('/agents', { email: email.input.value, name: name.input.value, role: role.input.value });
      const who = name.input.value || email.input.value;
      this.made.replaceChildren(once(say('inviteMade', { name: who, n: Math.round(made.expires_s / 3600) }), made.link));
      email.input.value = name.input.value = '';
      await this.load();
    }, h('div', { class: 'pair' }, email.box, name.box), role.box);
  }

  /** @param {Colleague} one */
  #person(one) {
    const role = this.roles?.find((known) => known.name === one.role);
    const own = one.id === this.me.id;
    const may = !own && (!role || role.yours);
    const facts = [one.email, one.disabled ? words.offWord : words[one.state], `${words.factor}: ${one.factor ? words.yes : words.no}`];
    const change = async (/** @type {any} */ body) => {
      await call('PATCH', `/agents/${one.id}`, body).finally(() => this.load());
      passing(words.changed);
    };
    const picked = h('select', { 'aria-label': `${words.role}: ${one.name}`, disabled: !may },
      ...(this.roles ?? []).filter((known) => known.yours || known.name === one.role).map((known) =>
        h('option', { value: known.name, selected: known.name === one.role }, roleWord(known.name))));
    picked.addEventListener('change', () => change({ role: picked.value }).catch((error) => passing(error.message)));
    const named = (/** @type {string} */ word) => `${word}: ${one.name}`;
    const acts = may ? [
      one.disabled ? '' : button(words.newLink, async () => {
        const made = await post(`/agents/${one.id}/link`, {});
        this.made.replaceChildren(once(say('linkMade', { name: one.name, n: Math.round(made.expires_s / 60) }), made.link));
        this.made.scrollIntoView({ block: 'center' });
      }, 'second', named(words.newLink)),
      one.factor ? button(words.resetFactor, async () => {
        await call('DELETE', `/agents/${one.id}/factor`);
        await this.load();
      }, 'second', named(words.resetFactor)) : '',
      button(one.disabled ? words.switchOn : words.switchOff, () => change({ disabled: !one.disabled }), 'second',
        named(one.disabled ? words.switchOn : words.switchOff)),
    ] : [];
    return h('li', { class: one.disabled ? 'off' : null },
      avatar(one.name, one.id),
      h('div', {}, h('b', {}, one.name), h('span', { class: 'quiet' }, facts.join(' · '))),
      h('div', { class: 'acts' }, picked, ...acts));
  }

  #explained() {
    const rows = (this.roles ?? []).map((one) => h('div', {},
      h('dt', {}, roleWord(one.name), one.shipped ? '' : h('small', {}, ` ${words.ownRole}`)),
      h('dd', {}, [...one.rights.map((right) => words[`right.${right}`]), one.factor && words.roleNeedsFactor].filter(Boolean).join(' · '))));
    return section(words.rolesTitle, h('dl', { class: 'roles' }, ...rows));
  }
}

customElements.define('fd-people', People);

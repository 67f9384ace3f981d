/**
 * One's own account: password, second factor, sessions, tokens.
 * @module
 */

import { h } from '../shared/dom.js';
import { call, get, post } from './api.js';
import { Factor } from './factor.js';
import { button, choice, field, form, once, section } from './forms.js';
import { Linking } from './linking.js';
import { passing } from './menu.js';
import { lang, say, words } from './words.js';

/** @typedef {{id: string, kind: string, created_at: string, used_ms: number, expires_ms: number, label: string, address: string, rights: string[], current: boolean}} Login */

const TIME = new Intl.DateTimeFormat(lang, { dateStyle: 'medium', timeStyle: 'short' });

export class Account extends HTMLElement {
  /** @param {Me} me */
  constructor(me) {
    super();
    this.me = me;
    this.sessions = h('ul', { class: 'lines' });
    this.tokens = h('ul', { class: 'lines' });
    this.made = h('div');
    this.append(this.#password(), new Factor(() => {}), new Linking(), section(words.sessionsTitle, this.sessions), this.#newToken());
    this.#logins();
  }

  #password() {
    const old = field(words.oldPassword, { type: 'password', autocomplete: 'current-password' });
    const fresh = field(words.newPassword, { type: 'password', autocomplete: 'new-password' }, words.passwordRule);
    const change = form(words.changePassword, async () => {
      await call('PUT', '/me/password', { old: old.input.value, new: fresh.input.value });
      old.input.value = fresh.input.value = '';
      passing(words.passwordChanged);
      await this.#logins();
    }, old.box, fresh.box);
    return section(words.passwordTitle, this.me.single ? h('p', {}, words.passwordSingle) : '', change);
  }

  async #logins() {
    /** @type {{items: Login[]}} */
    const { items } = await get('/me/sessions');
    const line = (/** @type {Login} */ one) => {
      const what = one.kind === 'token' ? one.label || words.aProgram : browserOf(one.label) || words.aProgram;
      const facts = [
        one.current && words.thisSession, one.address, say('usedAt', { time: TIME.format(one.used_ms) }),
        one.kind === 'token' && say('until', { time: TIME.format(one.expires_ms) }),
        ...one.rights.map((right) => words[`right.${right}`]),
      ].filter(Boolean).join(' · ');
      const word = one.kind === 'token' ? words.revoke : words.endSession;
      const end = one.current ? '' : button(word, async () => {
        await call('DELETE', `/me/sessions/${one.id}`);
        passing(words.ended);
        await this.#logins();
      }, 'second', `${word}: ${what}`);
      return h('li', {}, h('div', {}, h('b', {}, what), h('span', { class: 'quiet' }, facts)), end);
    };
    this.sessions.replaceChildren(...items.filter((one) => one.kind === 'session').map(line));
    const tokens = items.filter((one) => one.kind === 'token').map(line);
    this.tokens.replaceChildren(...(tokens.length ? tokens : [h('li', { class: 'quiet' }, words.noTokens)]));
  }

  #newToken() {
    const name = field(words.tokenName, { maxlength: 60 });
    const days = choice(words.tokenDays, ['30', '90', '365'].map((n) => [n, say('daysN', { n })]), '90');
    const boxes = this.me.rights.map((right) => {
      const box = h('input', { type: 'checkbox', value: right });
      return { box, label: h('label', { class: 'tick' }, box, words[`right.${right}`]) };
    });
    const make = form(words.makeToken, async () => {
      const rights = boxes.filter(({ box }) => box.checked).map(({ box }) => box.value);
      const { token } = await post('/me/tokens', { name: name.input.value, days: Number(days.input.value), rights });
      this.made.replaceChildren(once(words.tokenMade, token));
      name.input.value = '';
      await this.#logins();
    },
    h('div', { class: 'pair' }, name.box, days.box),
    h('fieldset', {}, h('legend', {}, words.tokenRights), h('small', {}, words.tokenAll), ...boxes.map(({ label }) => label)));
    return section(words.tokensTitle, h('p', {}, words.tokensLead), this.tokens, this.made, make);
  }
}

/** A browser's name for people out of what it calls itself. @param {string} agent */
function browserOf(agent) {
  const browser = /(Edg|OPR|Firefox|Chrome|Version)\/(\d+)/.exec(agent);
  const names = { Edg: 'Edge', OPR: 'Opera', Version: 'Safari' };
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(agent)?.[1];
  if (!browser) return agent.slice(0, 40);
  const name = names[/** @type {keyof typeof names} */ (browser[1])] ?? browser[1];
  return [`${name} ${browser[2]}`, system].filter(Boolean).join(', ');
}

customElements.define('fd-account', Account);

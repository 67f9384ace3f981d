/**
 * The way in: signing in, and the one-time link that makes an agent (`#setup=TOKEN`).
 * @module
 */

import { h, icon } from '../shared/dom.js';
import { Failure, get, post } from './api.js';
import { ICONS } from './icons.js';
import { lang, LANGUAGES, say, speak, words } from './words.js';

export class Door extends HTMLElement {
  /** @param {string} token of a one-time link, or empty @param {(me: Me) => void} entered @param {string} [problem] told at once */
  constructor(token, entered, problem = '') {
    super();
    this.token = token;
    this.entered = entered;
    this.said = problem;
  }

  connectedCallback() {
    const { token } = this;
    this.problem = h('p', { class: 'problem', role: 'alert' });
    const fields = [
      token && field('name', words.yourName, 'text', 'name'),
      field('email', words.email, 'email', 'username'),
      field('password', words.password, 'password', token ? 'new-password' : 'current-password', token ? words.passwordRule : ''),
    ];
    this.button = h('button', { class: 'primary', type: 'submit' }, token ? words.create : words.signIn);
    this.code = token ? null : codeField();
    const form = h('form', { novalidate: true }, ...fields, this.code, this.problem, this.button);
    this.#say(this.said);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#enter(form);
    });
    const other = Object.entries(LANGUAGES).find(([code]) => code !== lang);
    const language = other && h('button', { class: 'plain text', type: 'button', lang: other[0], onclick: () => speak(other[0]) }, icon(ICONS.globe, 18), other[1]);
    this.replaceChildren(
      h('main', { class: 'door' },
        h('div', { class: 'mark', 'aria-hidden': 'true' }, icon(ICONS.mark, 30)),
        h('h1', {}, token ? words.welcome : 'Frontdesk'),
        h('p', { class: 'lead' }, token ? words.setupLead : words.signInLead), form, (this.other = h('div', { class: 'other' }))),
      h('footer', {}, language ?? null),
    );
    form.querySelector('input')?.focus();
    if (!token) this.#ways();
  }

  /** The button of the single sign-on, where there is one. */
  async #ways() {
    const found = await get('/door').catch(() => null);
    if (!found?.single_sign_on || !this.other) return;
    this.other.replaceChildren(
      h('span', {}, words.or),
      h('a', { class: 'second', href: '/console/api/oidc' }, say('with', { name: found.single_sign_on })));
  }

  /** @param {HTMLFormElement} form */
  async #enter(form) {
    const given = Object.fromEntries(new FormData(form));
    const asked = [...form.querySelectorAll('input')].filter((input) => input.checkVisibility());
    const empty = asked.find((input) => !input.value.trim());
    if (empty) {
      this.#say(words.fillIn);
      empty.focus();
      return;
    }
    this.button?.setAttribute('aria-busy', 'true');
    try {
      await post(this.token ? '/setup' : '/session', this.token ? { ...given, token: this.token } : given);
      const me = await get('/me').catch(() => null);
      if (me) this.entered(me);
      else this.replaceWith(new Door('', this.entered, words.passwordSet));
    } catch (error) {
      const failure = /** @type {Failure} */ (error);
      if (failure.code.startsWith('code') && this.code) {
        this.code.hidden = false;
        this.#say(failure.code === 'code' ? words['error.code'] : '');
        const input = this.code.querySelector('input');
        input?.focus();
        input?.select();
        this.button?.removeAttribute('aria-busy');
        return;
      }
      this.#say(failure.status === 0 ? words.unreachable : words[`error.${failure.code}`] ?? failure.message);
      form.querySelector('input')?.focus();
    }
    this.button?.removeAttribute('aria-busy');
  }

  /** @param {string} text */
  #say(text) {
    if (this.problem) this.problem.textContent = text;
  }
}

/** Where the code of a second factor is asked for, once it is known that there is one. */
function codeField() {
  const made = field('code', words.code, 'text', 'one-time-code', words.codeRule);
  made.querySelector('input')?.removeAttribute('required');
  made.hidden = true;
  return made;
}

/** @param {string} name @param {string} label @param {string} type @param {string} autocomplete @param {string} [rule] */
function field(name, label, type, autocomplete, rule) {
  const hint = rule && h('small', { id: `${name}-rule` }, rule);
  const input = h('input', { id: name, name, type, autocomplete, required: true, 'aria-describedby': rule ? `${name}-rule` : null });
  return h('div', { class: 'field' }, h('label', { for: name }, label), input, hint);
}

customElements.define('fd-door', Door);

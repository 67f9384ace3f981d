/**
 * The way in: signing in, and the one-time link that makes an agent (`#setup=TOKEN`).
 * @module
 */

import { h, icon } from '../shared/dom.js';
import { Failure, post } from './api.js';
import { ICONS } from './icons.js';
import { lang, LANGUAGES, speak, words } from './words.js';

export class Door extends HTMLElement {
  /** @param {string} token of a one-time link, or empty @param {(me: Agent) => void} entered */
  constructor(token, entered) {
    super();
    this.token = token;
    this.entered = entered;
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
    const form = h('form', { novalidate: true }, ...fields, this.problem, this.button);
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
        h('p', { class: 'lead' }, token ? words.setupLead : words.signInLead), form),
      h('footer', {}, language ?? null),
    );
    form.querySelector('input')?.focus();
  }

  /** @param {HTMLFormElement} form */
  async #enter(form) {
    const given = Object.fromEntries(new FormData(form));
    const empty = [...form.querySelectorAll('input')].find((input) => !input.value.trim());
    if (empty) {
      this.#say(words.fillIn);
      empty.focus();
      return;
    }
    this.button?.setAttribute('aria-busy', 'true');
    try {
      this.entered(await post(this.token ? '/setup' : '/session', this.token ? { ...given, token: this.token } : given));
    } catch (error) {
      const failure = /** @type {Failure} */ (error);
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

/** @param {string} name @param {string} label @param {string} type @param {string} autocomplete @param {string} [rule] */
function field(name, label, type, autocomplete, rule) {
  const hint = rule && h('small', { id: `${name}-rule` }, rule);
  const input = h('input', { id: name, name, type, autocomplete, required: true, 'aria-describedby': rule ? `${name}-rule` : null });
  return h('div', { class: 'field' }, h('label', { for: name }, label), input, hint);
}

customElements.define('fd-door', Door);

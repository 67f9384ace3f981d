/**
 * Setting a second factor up: a picture to scan, the first code, the recovery codes.
 * @module
 */

import { h, icon } from '../shared/dom.js';
import { call, get, post } from './api.js';
import { button, field, form, once, section } from './forms.js';
import { ICONS } from './icons.js';
import { furnish } from './office.js';
import { say, words } from './words.js';

export class Factor extends HTMLElement {
  /** @param {() => void} ready what happens once a factor is set up and its codes are kept */
  constructor(ready) {
    super();
    this.ready = ready;
    this.load();
  }

  async load() {
    const { on, codes_left: left, needed } = await get('/me/factor');
    const lead = h('p', {}, on ? say('factorOn', { n: left }) : words.factorOff);
    if (!on) return this.#fill(lead, this.#asking(words.factorBegin, async (password) => this.#offer(await post('/me/factor', { password }))));
    const fresh = this.#asking(words.factorCodes, async (password) => this.#codes((await post('/me/factor/codes', { password })).codes));
    const stop = this.#asking(words.factorStop, async (password) => {
      await call('DELETE', '/me/factor', { password });
      await this.load();
    });
    this.#fill(lead, fresh, needed ? '' : stop);
  }

  /** @param {...import('../shared/dom.js').Child} children */
  #fill(...children) {
    this.replaceChildren(section(words.factorTitle, ...children));
  }

  /** A form that asks for the password first. @param {string} action @param {(password: string) => Promise<void>} run */
  #asking(action, run) {
    const { input, box } = field(words.yourPassword, { type: 'password', autocomplete: 'current-password' });
    return form(action, () => run(input.value), box);
  }

  /** @param {{secret: string, picture: string}} offer */
  #offer({ secret, picture }) {
    const { input, box } = field(words.firstCode, { inputmode: 'numeric', autocomplete: 'one-time-code', maxlength: 7 });
    const confirm = form(words.factorConfirm, async () => {
      this.#codes((await call('PUT', '/me/factor', { code: input.value })).codes);
    }, box);
    this.#fill(
      h('p', {}, words.factorScan), h('img', { class: 'qr', src: picture, alt: words.factorPicture, width: 220, height: 220 }),
      h('p', { class: 'quiet' }, words.factorByHand), h('code', { class: 'secret' }, secret.replace(/.{4}/g, '$& ').trim()), confirm);
    input.focus();
  }

  /** @param {string[]} codes */
  #codes(codes) {
    this.#fill(
      h('p', { class: 'good', role: 'status' }, words.factorReady), once(words.codesLead, codes.join('\n')),
      h('div', { class: 'acts' }, button(words.codesKept, async () => {
        await this.load();
        this.ready();
      }, 'primary')));
  }
}

customElements.define('fd-factor', Factor);

/** The page of somebody whose role needs a second factor first. @param {Me} me */
export async function needed(me) {
  await furnish();
  return h('main', { class: 'needed' },
    h('div', { class: 'mark', 'aria-hidden': 'true' }, icon(ICONS.mark, 30)),
    h('h1', { class: 'vh' }, 'Frontdesk'), h('h2', {}, me.name), h('p', { class: 'lead' }, words.factorNeeded), new Factor(() => location.reload()));
}

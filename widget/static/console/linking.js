/**
 * "This person at a desk is me": a code from there, whom it is about, and the agent's own word for it.
 * @module
 */

import { h } from '../shared/dom.js';
import { post } from './api.js';
import { button, field, form, section } from './forms.js';
import { say, words } from './words.js';

export class Linking extends HTMLElement {
  constructor() {
    super();
    const given = /[?&]link=([\w-]{1,24})/.exec(location.hash)?.[1] ?? '';
    const { input, box } = field(words.linkCode, { autocomplete: 'off', spellcheck: false, maxlength: 24, value: given }, words.linkHint);
    this.found = h('div', { role: 'status' });
    const look = form(words.linkLook, async () => {
      this.found.replaceChildren();
      this.#offer(input.value, await post('/me/links', { code: input.value }));
    }, box);
    this.append(section(words.linkTitle, h('p', {}, words.linkLead), look, this.found));
  }

  /** @param {string} code @param {{desk: string, person: string, name: string}} who */
  #offer(code, who) {
    const name = who.name || who.person;
    const yes = button(words.linkYes, async () => {
      await post('/me/links', { code, yes: true });
      history.replaceState(null, '', '#/account');
      this.found.replaceChildren(h('p', { class: 'good' }, say('linkDone', { name })));
    }, 'primary');
    this.found.replaceChildren(
      h('p', {}, say('linkWho', { name, person: who.person, desk: who.desk })), h('p', { class: 'quiet' }, words.linkWarn),
      h('div', { class: 'acts' }, yes));
  }
}

customElements.define('fd-linking', Linking);

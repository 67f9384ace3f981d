/**
 * Workspaces that desks' apps are in: what is missing there, and the way to install an app into one more.
 * @module
 */

import { h } from '../shared/dom.js';
import { get, post } from './api.js';
import { button, section } from './forms.js';
import { say, words } from './words.js';

/** @typedef {{id: string, name: string, state: string, reason: string, missing: {scope: string, so: string}[], lines: string}} Workspace */

export class Workspaces extends HTMLElement {
  constructor() {
    super();
    this.load();
  }

  async load() {
    /** @type {{items: {name: string, workspaces: Workspace[]}[]}} */
    const { items } = await get('/desks');
    this.replaceChildren(...items.map((desk) => {
      const lines = desk.workspaces.map((one) => this.#line(one));
      const add = button(words.workspaceAdd, async () => {
        const { url } = await post(`/desks/${desk.name}/install`, {});
        location.assign(url);
      }, 'primary');
      return section(say('workspacesTitle', { desk: desk.name }), h('p', {}, words.workspacesLead),
        h('ul', { class: 'lines' }, ...(lines.length ? lines : [h('li', { class: 'quiet' }, words.workspacesNone)])), h('div', { class: 'acts' }, add));
    }));
  }

  /** @param {Workspace} one */
  #line(one) {
    const needs = [
      ...(one.state === 'live' ? [] : [say(`workspace.${one.state}`, { why: one.reason })]),
      ...one.missing.map(({ scope, so }) => say('workspaceLacks', { scope, so })),
      ...(one.lines ? [words.workspaceUnmapped] : []),
    ];
    return h('li', {}, h('div', {}, h('b', {}, one.name), h('span', { class: 'quiet' }, one.id), ...needs.map((text) => h('span', {}, text))));
  }
}

customElements.define('fd-workspaces', Workspaces);

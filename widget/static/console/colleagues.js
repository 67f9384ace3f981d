/**
 * The agents of this hub: who they are, and who of them is there.
 * @module
 */

import { get } from './api.js';

export class Colleagues {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    /** @type {Agent[]} */
    this.all = [];
    /** @type {Set<string>} ids that were not known when they were heard of, each asked for once */
    this.strangers = new Set();
  }

  /** Ask for them; who cannot be had stays as they were. */
  async load() {
    const found = await get('/agents').catch(() => null);
    if (found) this.all = found.items;
    this.changed();
  }

  /** Somebody was heard of; who came to the team after the last answer is asked for. @param {By} [by] @param {Agent['state']} [state] told anew */
  hear(by, state) {
    if (by?.kind !== 'agent' || !by.id) return;
    const one = this.all.find(({ id }) => id === by.id);
    if (one && state) {
      one.state = state;
      this.changed();
    } else if (!one && !this.strangers.has(by.id)) {
      this.strangers.add(by.id);
      this.load();
    }
  }
}

/**
 * Notices of the browser for what customers write while nobody looks; permission is asked for by a press and never on its own.
 * @module
 */

import { recall, remember } from '../shared/outbox.js';
import { previewOf } from './entries.js';
import { nameOf, words } from './words.js';

const KEY = 'frontdesk notices';

export class Alerts {
  /** @param {import('./inbox.js').Inbox} inbox */
  constructor(inbox) {
    this.inbox = inbox;
    inbox.addEventListener('said', (event) => this.#said(/** @type {CustomEvent<Ev>} */ (event).detail));
  }

  get on() {
    return 'Notification' in window && Notification.permission === 'granted' && recall(KEY) === true;
  }

  /** Switch them on or off; call it from a press. */
  async toggle() {
    if (this.on) return remember(KEY, undefined);
    if (!('Notification' in window)) return this.inbox.note(words.noNotices);
    const answer = Notification.permission === 'default' ? await Notification.requestPermission() : Notification.permission;
    if (answer !== 'granted') return this.inbox.note(words.noticesRefused);
    remember(KEY, true);
    this.inbox.note(words.noticesOn);
  }

  /** @param {Ev} ev */
  #said(ev) {
    if (!this.on || document.visibilityState === 'visible') return;
    const row = this.inbox.rows.find((one) => one.id === ev.c);
    const { me } = this.inbox;
    if (row?.agent && row.agent.id !== me.id) return;
    const text = (ev.d.parts ?? []).map(previewOf).join(' ').slice(0, 140);
    const notice = new Notification(row ? nameOf(row) : ev.by.name || words.inbox, { body: text, tag: ev.c, icon: '/static/icon.svg' });
    notice.onclick = () => {
      focus();
      location.hash = `#/c/${ev.c}`;
      notice.close();
    };
  }
}

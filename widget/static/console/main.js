/**
 * The console: signs in, puts the rail, the list, the conversation and the panel together, and listens to the keyboard.
 * @module
 */

import { h, icon } from '../shared/dom.js';
import { colours, PARTS, sheet } from '../shared/look.js';
import { recall, remember } from '../shared/outbox.js';
import { call, get, session } from './api.js';
import { Alerts } from './alerts.js';
import { bench, loadBench, loadOf } from './bench.js';
import { start } from './clocks.js';
import { anywhere, everything, menuOf, ofConversation } from './deeds.js';
import { Details } from './details.js';
import { Door } from './door.js';
import { ICONS } from './icons.js';
import { Inbox } from './inbox.js';
import { forget } from './leaving.js';
import { avatar, List } from './list.js';
import { helpSheet, menu, passing } from './menu.js';
import { palette } from './palette.js';
import { ask, field } from './sheets.js';
import { Thread } from './thread.js';
import { KEY as LANGUAGE, lang, LANGUAGES, loadWords, say, speak, words } from './words.js';

const THEMES = ['auto', 'light', 'dark'];
const THEME = 'frontdesk theme';
/** Pages beside the inbox, and the right that each needs. @type {[string, string][]} */
const ROOMS = [['account', ''], ['people', 'people'], ['reports', 'reports']];
const root = document.documentElement;

/** @param {string} theme */
function dress(theme) {
  root.dataset.theme = theme;
  remember(THEME, theme === 'auto' ? undefined : theme);
}

document.adoptedStyleSheets = [sheet(colours(':root'), PARTS)];
dress(THEMES.includes(recall(THEME)) ? recall(THEME) : 'auto');

class Desk {
  /** @param {Agent} me */
  constructor(me) {
    const inbox = (this.inbox = new Inbox(me));
    /** @type {import('./office.js').Office | undefined} */
    this.office = undefined;
    this.accounts = [this.#account('up'), this.#account('down')];
    this.list = new List(inbox, this.accounts[1]);
    this.alerts = new Alerts(inbox);
    /** @type {Thread} */
    this.thread = new Thread(inbox, { back: () => (location.hash = ''), details: () => this.panel(), more: () => menuOf(this) });
    this.details = new Details(inbox, () => this.#pane('thread'));
    document.body.replaceChildren(h('main', { class: 'desk' }, h('h1', { class: 'vh' }, 'Frontdesk'), this.#rail(), this.list, this.thread, this.details));
    inbox.addEventListener('note', (event) => passing(/** @type {CustomEvent} */ (event).detail));
    inbox.addEventListener('me', () => this.#presence());
    inbox.addEventListener('list', () => this.#title());
    addEventListener('hashchange', () => this.#route());
    addEventListener('keydown', (event) => this.#key(event));
    inbox.marked.addEventListener('change', () => root.classList.toggle('marks', inbox.marked.on));
    document.addEventListener('visibilitychange', () => inbox.markRead());
    this.#presence();
    this.#route();
    start();
    inbox.start().catch((error) => inbox.complain(error));
  }

  #rail() {
    const views = /** @type {const} */ ([['mine', ICONS.mine], ['all', ICONS.inbox], ['resolved', ICONS.done]]);
    const buttons = views.map(([view, path]) => {
      const button = h('button', { class: 'plain', type: 'button', title: words[`view.${view}`], 'aria-label': words[`view.${view}`] }, icon(path, 22));
      button.addEventListener('click', () => this.inbox.load(view, ''));
      this.inbox.addEventListener('list', () => button.setAttribute('aria-pressed', String(this.inbox.view === view)));
      return button;
    });
    const find = h('button', { class: 'plain', type: 'button', 'aria-label': words.palette, title: `${words.palette} (Ctrl K)`, onclick: () => this.#palette() }, icon(ICONS.keys, 22));
    const help = h('button', { class: 'plain', type: 'button', 'aria-label': words.keys, title: `${words.keys} (?)`, onclick: helpSheet }, icon(ICONS.help, 22));
    const mark = h('a', { class: 'mark', href: '#', 'aria-label': 'Frontdesk' }, icon(ICONS.mark, 22));
    return h('nav', { class: 'rail', 'aria-label': words.views }, mark, ...buttons, h('span', { class: 'gap' }), find, help, this.accounts[0]);
  }

  /** The agent's own button: presence, language, colours, the way out. @param {string} where */
  #account(where) {
    const { me } = this.inbox;
    const button = h('button', { class: `account ${where}`, type: 'button' }, avatar(me.name, me.id), h('i', { class: 'dot' }));
    return menu(button, () => this.#choices());
  }

  /** @returns {import('./menu.js').Choice[]} */
  #choices() {
    const { inbox } = this;
    const leave = async () => {
      inbox.line.stop();
      await call('DELETE', '/session').catch(() => {});
      forget([THEME, LANGUAGE]);
      location.hash = '';
      location.reload();
    };
    const go = (/** @type {string} */ room) => () => (location.hash = `/${room}`);
    const rooms = ROOMS.filter(([, right]) => !right || inbox.me.rights?.includes(right)).map(([room], i) => ({
      label: words[`room.${room}`], run: go(room), apart: i === 0,
    }));
    const theme = recall(THEME) ?? 'auto';
    return [
      ...(/** @type {const} */ (['present', 'away'])).map((state) => ({
        label: words[state], dot: state === 'present' ? 'on' : 'off', chosen: inbox.me.state === state, run: () => void inbox.be(state),
      })),
      { label: say('takeAtMost', { load: loadOf(inbox.me.id) }), run: () => this.#capacity() },
      { label: words.notices, chosen: this.alerts.on, run: () => void this.alerts.toggle(), apart: true },
      { label: words.palette, run: () => this.#palette() },
      { label: words.keys, run: helpSheet },
      ...Object.entries(LANGUAGES).map(([code, label], i) => ({ label, chosen: code === lang, run: () => code !== lang && speak(code), apart: i === 0 })),
      ...THEMES.map((one, i) => ({ label: words[`theme.${one}`], chosen: one === theme, run: () => dress(one), apart: i === 0 })),
      ...rooms,
      { label: words.signOut, run: leave, apart: true },
    ];
  }

  /** How many conversations one is given at most. */
  async #capacity() {
    const { inbox } = this;
    await loadBench();
    const own = bench.busy.find((one) => one.agent === inbox.me.id);
    const most = h('input', { type: 'number', min: 0, max: 1000, value: own?.most ?? bench.capacity, inputmode: 'numeric' });
    ask(words.capacity, words.keep, [field(words.capacityLabel, most, say('capacityHint', { n: bench.capacity }))], async () => {
      try {
        await call('PUT', '/me/capacity', { most: Math.max(0, Math.min(1000, Number(most.value) || 0)) });
        await loadBench();
        return true;
      } catch (error) {
        inbox.complain(error);
        return false;
      }
    });
  }

  #palette() {
    if (document.querySelector('dialog[open]')) return;
    const { inbox } = this;
    const own = this.#choices().filter((one) => one.label !== words.palette && one.label !== words.keys).map((one) => ({ id: '', label: one.label, group: words.account, run: one.run }));
    palette(everything(this, own));
    inbox.tell('me');
  }

  #presence() {
    const { me } = this.inbox;
    for (const button of this.accounts) {
      button.setAttribute('aria-label', `${me.name}, ${words[me.state]}`);
      button.querySelector('.dot')?.classList.toggle('on', me.state === 'present');
    }
  }

  #title() {
    const waiting = this.inbox.rows.filter((row) => row.unread && row.waiting_since).length;
    document.title = waiting ? `(${waiting}) ${words.inbox} · Frontdesk` : `${words.inbox} · Frontdesk`;
  }

  #route() {
    const room = ROOMS.find(([name]) => location.hash.startsWith(`#/${name}`))?.[0];
    if (room) this.#enter(room);
    else this.office?.remove();
    const [, id = '', n = ''] = /^#\/c\/(\w+)(?:\/(\d+))?$/.exec(location.hash) ?? [];
    this.#pane(room ? 'office' : id ? 'thread' : 'list');
    const { inbox } = this;
    inbox.open(id).then(async () => {
      if (!n || inbox.openId !== id) return;
      await inbox.reach(Number(n));
      requestAnimationFrame(() => requestAnimationFrame(() => this.thread.point(Number(n))));
    });
  }

  /** The pages about oneself, people and figures, which most agents open rarely. @param {string} room */
  async #enter(room) {
    try {
      const { Office } = await import('./office.js');
      this.office ??= await Office.made(/** @type {Me} */ (this.inbox.me));
    } catch {
      this.inbox.note(words.unreachable);
      return;
    }
    if (!location.hash.startsWith(`#/${room}`)) return;
    if (!this.office.isConnected) document.querySelector('main')?.append(this.office);
    this.office.show(room);
  }

  /** @param {string} pane what a phone shows; wider screens show it all */
  #pane(pane) {
    root.dataset.pane = pane;
  }

  panel() {
    if (matchMedia('(max-width: 1100px)').matches) this.#pane(root.dataset.pane === 'details' ? 'thread' : 'details');
    else root.classList.toggle('bare');
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const typing = target.matches('input, textarea, select');
    if (event.key === 'Escape' && typing && !event.isComposing) return target.blur();
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      return this.#palette();
    }
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || typing || document.querySelector('dialog[open], .menu:popover-open')) return;
    if (event.key === 'Escape') {
      if (this.inbox.marked.on) this.inbox.marked.clear();
      else location.hash = '';
      return;
    }
    const deed = [...ofConversation(this), ...anywhere(this)].find((one) => one.key === event.key);
    if (!deed) return;
    event.preventDefault();
    deed.run();
  }
}

async function begin() {
  await loadWords();
  document.title = 'Frontdesk';
  const token = new URLSearchParams(location.hash.slice(1)).get('setup') ?? '';
  const problem = new URLSearchParams(location.hash.slice(1)).get('problem') ?? '';
  const enter = async (/** @type {Me} */ me) => {
    if (token || problem) history.replaceState(null, '', location.pathname);
    session.over = () => location.reload();
    if (me.needs_factor) document.body.replaceChildren(await (await import('./factor.js')).needed(me));
    else new Desk(me);
  };
  const door = () => document.body.replaceChildren(new Door(token, enter, problem && (words[`door.${problem}`] ?? words['door.provider'])));
  const me = token ? null : await get('/me').catch(() => null);
  if (me) enter(me);
  else door();
}

begin();

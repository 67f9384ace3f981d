/**
 * What is seldom wanted: the conversation by e-mail, and the sound. Loaded when somebody opens it.
 * @module
 */

import { fill, h } from '../shared/dom.js';
import { sheet } from '../shared/look.js';
import { recall, remember } from '../shared/outbox.js';

const css = sheet(`.menu{flex:none;display:flex;flex-direction:column;gap:10px;padding:12px 16px;border-block-end:1px solid var(--line);background:var(--ground)}
.menu button{min-height:40px;padding:6px 12px;border:0;border-radius:10px;background:none;text-align:start;cursor:pointer}.menu button:hover{background:var(--soft)}
.menu form{display:flex;flex-wrap:wrap;gap:8px}.menu label{width:100%;font-size:13px;color:var(--muted)}.menu input{flex:1;min-width:0;min-height:44px;padding:8px 12px;border:1px solid var(--edge);border-radius:10px;background:var(--paper);color:inherit;font:16px/24px inherit}
.menu .go{min-height:44px;background:var(--accent);color:var(--on-accent);font-weight:600}.menu p{margin:0;font-size:13px}`);
export const MUTED = 'frontdesk muted';

/**
 * @param {HTMLElement} head below which it opens
 * @param {import('./core.js').Core} core
 * @param {Record<string, string>} words
 * @returns {HTMLElement}
 */
export function menu(head, core, words) {
  const root = head.getRootNode();
  if (root instanceof ShadowRoot && !root.adoptedStyleSheets.includes(css)) root.adoptedStyleSheets.push(css);
  const sound = h('button', { type: 'button', 'aria-pressed': 'true', onclick: toggle });
  const mail = core.cfg.transcript && core.log.entries.length > 0 && h('button', { type: 'button', onclick: asked }, words.mail);
  const box = h('div', { class: 'menu', role: 'group', 'aria-label': words.more }, mail, sound);
  say();
  head.after(box);
  /** @type {HTMLElement | null} */ (box.firstElementChild)?.focus();
  return box;

  function say() {
    const on = !recall(MUTED);
    sound.setAttribute('aria-pressed', String(on));
    fill(sound, `${on ? '🔔' : '🔕'} `, words.sound);
  }

  function toggle() {
    remember(MUTED, recall(MUTED) ? undefined : true);
    say();
  }

  function asked() {
    const input = h('input', { type: 'email', id: 'mail', required: true, autocomplete: 'email', maxlength: 190 });
    const form = h('form', {}, h('label', { for: 'mail' }, words.mailTo), input, h('button', { type: 'submit', class: 'go' }, words.send));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      mailed(core, input.value).then((ok) => form.replaceWith(h('p', { role: 'status' }, ok ? words.mailed : words.notMailed)));
    });
    if (mail) mail.replaceWith(form);
    input.focus();
  }
}

/** Ask for the conversation by e-mail; says whether it will come. @param {import('./core.js').Core} core @param {string} email */
function mailed(core, email) {
  const headers = { Authorization: `Bearer ${core.log.token}` };
  const body = JSON.stringify({ email });
  return fetch(`${core.there}/transcript`, { method: 'POST', headers, body }).then((answer) => answer.ok, () => false);
}

/**
 * The emoji to choose from; loaded when somebody asks for them. What was used last comes first.
 * @module
 */

import { h } from '../shared/dom.js';
import { sheet } from '../shared/look.js';
import { recall, remember } from '../shared/outbox.js';

const css = sheet(`.emoji{flex:none;margin:0 12px 8px;padding:8px;max-height:212px;overflow-y:auto;border:1px solid var(--line);border-radius:14px;background:var(--paper);display:grid;grid-template-columns:repeat(auto-fill,minmax(40px,1fr))}
.emoji button{height:40px;padding:0;border:0;border-radius:8px;background:none;font-size:22px;line-height:1;cursor:pointer}.emoji button:hover,.emoji button:focus-visible{background:var(--soft)}`);
const ALL = '😀 😃 😄 😁 😆 😅 😂 🤣 🙂 🙃 😉 😊 😇 🥰 😍 🤩 😘 😋 😜 🤔 🤗 🤭 🤫 😐 😏 😬 😌 😔 😴 😷 🤒 🤕 🥵 🥶 😵 🤯 🥳 😎 😕 😟 😮 😲 🥺 😢 😭 😱 😩 😤 😡 👍 👎 👌 ✌️ 🤞 👋 🙏 👏 🤝 💪 🙌 👀 ❤️ 🧡 💛 💚 💙 💜 💔 💯 🔥 ✨ 🎉 🎁 🌹 🌷 ☀️ 🌧️ ⭐ 🍎 🍵 ☕ 🍰 🏠 🚗 ✈️ 📦 🚚 🛒 💳 💰 📱 💻 📷 📎 📄 ✉️ 📅 ⏰ 🔑 🔧 ❓ ❗ ✅ ❌ ⚠️'.split(' ');
const KEPT = 8;

/**
 * @param {HTMLElement} before where they are put
 * @param {string} label
 * @param {(sign: string) => void} chosen
 * @returns {HTMLElement}
 */
export function picker(before, label, chosen) {
  const root = before.getRootNode();
  if (root instanceof ShadowRoot && !root.adoptedStyleSheets.includes(css)) root.adoptedStyleSheets.push(css);
  const last = /** @type {string[]} */ (recall('frontdesk emoji') ?? []);
  const signs = [...new Set([...last, ...ALL])];
  const box = h('div', { class: 'emoji', role: 'group', 'aria-label': label }, ...signs.map(button));
  box.addEventListener('keydown', move);
  before.before(box);
  focus(0);
  return box;

  /** @param {string} sign @param {number} n */
  function button(sign, n) {
    return h('button', { type: 'button', tabindex: n ? -1 : 0, onclick: () => take(sign) }, sign);
  }

  /** @param {string} sign */
  function take(sign) {
    remember('frontdesk emoji', [sign, ...last.filter((one) => one !== sign)].slice(0, KEPT));
    chosen(sign);
  }

  /** @param {number} n */
  function focus(n) {
    /** @type {HTMLElement | undefined} */ (box.children[n])?.focus();
  }

  /** Arrows walk the grid. @param {KeyboardEvent} event */
  function move(event) {
    const now = [...box.children].indexOf(/** @type {Element} */ (event.target));
    const across = getComputedStyle(box).gridTemplateColumns.split(' ').length;
    const side = getComputedStyle(box).direction === 'rtl' ? -1 : 1;
    const step = { ArrowRight: side, ArrowLeft: -side, ArrowDown: across, ArrowUp: -across }[event.key];
    if (!step) return;
    event.preventDefault();
    focus(Math.max(0, Math.min(signs.length - 1, now + step)));
  }
}

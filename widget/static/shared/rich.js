/**
 * What people said that is more than text: pictures, sound, files, places, people and cards. Loaded with the first of them.
 * @module
 */

import { h, icon } from './dom.js';
import { sheet } from './look.js';
import { link, linked, options, safe } from './parts.js';

/** @typedef {import('./parts.js').Setting} Setting */
/** @typedef {Extract<Part, {type: 'text' | 'media' | 'location' | 'contact' | 'card' | 'form'}>} Rich */

const ICONS = {
  file: 'M14 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8zM14 3v5h5',
  voice: 'M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM6 11a6 6 0 0 0 12 0M12 17v4',
  pin: 'M12 21s7-6.1 7-11a7 7 0 0 0-14 0c0 4.9 7 11 7 11zM12 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5',
  person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20c1-3.6 4-5.5 7.5-5.5s6.5 1.9 7.5 5.5',
};

const css = sheet(`.bubble dl{margin:0;display:grid;grid-template-columns:auto 1fr;gap:4px 12px}.bubble dt{color:var(--muted)}.own .bubble dt{color:inherit}.bubble dd{margin:0}
.bubble code{font:0.92em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:rgb(127 127 127/.16);border-radius:4px;padding:1px 4px}
.picture{display:block;line-height:0;max-width:260px}
.picture img{max-width:100%;max-height:260px;width:auto;height:auto;border-radius:10px;object-fit:cover;background:var(--soft)}
.file{display:flex;width:fit-content;align-items:center;gap:10px;min-height:44px;max-width:100%;text-decoration:none}
.file .icon{flex:none;opacity:.8}
.file .what{display:flex;flex-direction:column;min-width:0;line-height:1.35}
.file .name{overflow-wrap:anywhere}
.file small{font-size:12px}
.player{display:block;max-width:100%;min-width:220px}
.card{display:flex;flex-direction:column;gap:6px}
.deck{display:flex;gap:8px;max-width:100%;overflow-x:auto}.deck .card{flex:0 0 216px;justify-content:space-between;padding:12px;border:1px solid var(--line);border-radius:12px;background:var(--paper);color:var(--ink)}`);

/** Let the look of these be known where they are shown. @param {HTMLElement} node */
function dress(node) {
  const root = node.getRootNode();
  if ((root instanceof ShadowRoot || root instanceof Document) && !root.adoptedStyleSheets.includes(css)) root.adoptedStyleSheets.push(css);
}

/**
 * @param {Rich} part
 * @param {Setting} setting
 * @returns {HTMLElement}
 */
export function draw(part, setting) {
  const made = drawn(part, setting);
  queueMicrotask(() => dress(made));
  return made;
}

/** @param {Rich} part @param {Setting} setting */
function drawn(part, setting) {
  if (part.type === 'text') return h('p', { dir: 'auto' }, ...formatted(part.text, part.spans ?? []));
  if (part.type === 'form') return answers(part);
  if (part.type === 'media') return media(part, setting);
  if (part.type === 'location') return place(part);
  if (part.type === 'card') return card(part, setting);
  const reached = [part.phone, part.email].filter(Boolean).join(' · ');
  return h('span', { class: 'file' }, icon(ICONS.person, 22), fact(part.name, reached));
}

/** @type {Record<string, keyof HTMLElementTagNameMap>} */
const TAGS = { bold: 'strong', italic: 'em', underline: 'u', strike: 's', code: 'code', pre: 'code', quote: 'q', mention: 'b' };

/**
 * Text with its formatting; offsets count code points, as the hub's do.
 * @param {string} text
 * @param {Span[]} spans
 */
export function formatted(text, spans) {
  if (!spans.length) return linked(text);
  const points = [...text];
  const cuts = new Set([0, points.length]);
  for (const span of spans) cuts.add(Math.min(span.start, points.length)).add(Math.min(span.end, points.length));
  const edges = [...cuts].sort((a, b) => a - b);
  return edges.slice(1).flatMap((end, i) => {
    const start = edges[i];
    const over = spans.filter((span) => span.start <= start && span.end >= end);
    const url = safe(over.find((span) => span.kind === 'link')?.url ?? '');
    const words = points.slice(start, end).join('');
    /** @type {(Node | string)[]} */
    let inner = url ? [link(url, words), ...led(words, url)] : over.some((span) => span.kind === 'code' || span.kind === 'pre') ? [words] : linked(words);
    for (const span of over) if (TAGS[span.kind]) inner = [h(TAGS[span.kind], {}, ...inner)];
    return inner;
  });
}

/** Where a link leads whose words are another address. @param {string} words @param {string} url */
function led(words, url) {
  const named = /^\s*(?:https?:\/\/)?([\w.-]+\.[a-z]{2,})/i.exec(words)?.[1].toLowerCase();
  const { host } = new URL(url);
  return named && host && named !== host && `www.${named}` !== host ? [` (${host})`] : [];
}

/** A name without the signs that turn the direction around: `exe.gpj` must not read as `jpg.exe`. @param {string} name */
const plain = (name) => name.replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '');

/** What was answered to questions; as long as nothing was, what they are about. @param {Extract<Part, {type: 'form'}>} part */
function answers(part) {
  if (!part.submitted) return h('p', { dir: 'auto' }, part.title || part.fields[0]?.label || '');
  return h('dl', {}, ...part.fields.flatMap((f) => [h('dt', {}, f.label), h('dd', { dir: 'auto' }, chosen(f) || f.value || '—')]));
}

/** A point of a scale in its own words. @param {FormField} field */
function chosen({ kind, options = [], value }) {
  return kind === 'rating' && options.find(({ id }) => id === value)?.text;
}

/** @param {number} bytes */
export function sizeOf(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** @param {number} seconds */
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, '0')}`;

/** @param {string} url whether a signed address is past its time */
function stale(url) {
  const until = Number(new URL(url).searchParams.get('exp'));
  return until > 0 && until * 1000 < Date.now() + 5000;
}

/**
 * The address of a medium now, asked for anew when the old one has expired.
 * @param {MediaPart} part
 * @param {Setting} setting
 */
async function current(part, setting) {
  const parts = await setting.fresh?.();
  const again = parts?.find((one) => one.type === 'media' && one.file === part.file);
  if (again?.type === 'media') part.url = again.url;
  return safe(part.url ?? '', setting.base);
}

/**
 * @param {MediaPart} part
 * @param {Setting} setting
 */
function media(part, setting) {
  const { words } = setting;
  const url = part.url?.startsWith('blob:') ? part.url : part.url && safe(part.url, setting.base);
  const label = plain(part.alt || part.name || '') || words[part.kind] || words.file;
  if (url && (part.kind === 'image' || part.kind === 'sticker')) return picture(part, setting, url, label);
  if (url && ['voice', 'audio', 'video'].includes(part.kind) && !stale(url)) {
    const tag = part.kind === 'video' ? 'video' : 'audio';
    return h(tag, { src: url, controls: true, preload: 'none', 'aria-label': label, class: 'player' });
  }
  const facts = [part.size ? sizeOf(part.size) : '', part.seconds ? clock(part.seconds) : ''].filter(Boolean).join(' · ');
  const words2 = h('span', { class: 'what' }, h('span', { class: 'name' }, label), facts && h('small', {}, facts));
  const body = [icon(part.kind === 'voice' ? ICONS.voice : ICONS.file, 22), words2];
  if (!url) return h('span', { class: 'file' }, ...body);
  return h('a', { class: 'file', href: url, target: '_blank', rel: 'noopener', download: part.name || true, onclick: open }, ...body);

  /** @param {Event} event */
  async function open(event) {
    if (!url || !stale(url)) return;
    event.preventDefault();
    window.open(await current(part, setting), '_blank', 'noopener');
  }
}

/**
 * @param {MediaPart} part
 * @param {Setting} setting
 * @param {string} url
 * @param {string} label
 */
function picture(part, setting, url, label) {
  const image = h('img', { src: url, alt: label, decoding: 'async', width: part.width, height: part.height });
  const frame = h('a', { class: 'picture', href: url, target: '_blank', rel: 'noopener' }, image);
  image.addEventListener('error', renew, { once: true });
  return frame;

  async function renew() {
    const again = setting.fresh && (await current(part, setting));
    if (again && again !== url) {
      image.src = frame.href = again;
    } else {
      frame.replaceWith(h('span', { class: 'file' }, icon(ICONS.file, 22), label));
    }
  }
}

/**
 * @param {string} name
 * @param {string} [more]
 */
function fact(name, more) {
  return h('span', { class: 'what' }, h('span', { class: 'name' }, plain(name)), more && h('small', {}, plain(more)));
}

/** @param {Extract<Part, {type: 'location'}>} part */
function place(part) {
  const there = `${part.latitude.toFixed(5)}, ${part.longitude.toFixed(5)}`;
  const url = `https://www.openstreetmap.org/?mlat=${part.latitude}&mlon=${part.longitude}#map=16/${part.latitude}/${part.longitude}`;
  const body = link(url, icon(ICONS.pin, 22), fact(part.title || there, part.address || (part.title ? there : '')));
  body.className = 'file';
  return body;
}

/**
 * @param {Extract<Part, {type: 'card'}>} part
 * @param {Setting} setting
 */
function card(part, setting) {
  const url = safe(part.url ?? '');
  const title = h('strong', {}, part.title);
  const image = part.image && media(part.image, setting);
  const buttons = setting.choose && part.options?.length ? options(part.options, setting) : null;
  return h('div', { class: 'card' }, image, url ? link(url, title) : title, part.text && h('p', {}, ...linked(part.text)), buttons);
}

/**
 * What people said, as elements: one function per kind of part, text set as text, addresses checked before they become links.
 * @module
 */

import { h, icon } from './dom.js';

/**
 * @typedef {object} Setting how parts are shown where they are
 * @property {Record<string, string>} words
 * @property {string} base where relative addresses of files belong
 * @property {() => Promise<Part[]>} [fresh] the same parts with addresses that have not expired
 * @property {(option: Option) => void} [choose] what a pressed button does; without it buttons only show
 */

const LINK = /\b(?:https?:\/\/|www\.)[^\s<>"'“”‘’《》「」（）]+|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+/gi;
const TAIL = /[.,;:!?)\]}，。；：！？、）】]+$/;
const ICONS = {
  file: 'M14 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8zM14 3v5h5',
  voice: 'M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM6 11a6 6 0 0 0 12 0M12 17v4',
  pin: 'M12 21s7-6.1 7-11a7 7 0 0 0-14 0c0 4.9 7 11 7 11zM12 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5',
  person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20c1-3.6 4-5.5 7.5-5.5s6.5 1.9 7.5 5.5',
};

/**
 * An address that may be followed, or an empty string: nothing that runs code, nothing local.
 * @param {string} url
 * @param {string} [base]
 */
export function safe(url, base) {
  try {
    const parsed = new URL(url, base);
    return ['http:', 'https:', 'mailto:', 'tel:'].includes(parsed.protocol) ? parsed.href : '';
  } catch {
    return '';
  }
}

/**
 * @param {string} url
 * @param {...import('./dom.js').Child} children
 */
function link(url, ...children) {
  return h('a', { href: url, target: '_blank', rel: 'noopener noreferrer nofollow' }, ...children);
}

/**
 * Text with its web and mail addresses as links.
 * @param {string} text
 * @returns {(Node | string)[]}
 */
export function linked(text) {
  /** @type {(Node | string)[]} */
  const out = [];
  let done = 0;
  for (const match of text.matchAll(LINK)) {
    const found = match[0].replace(TAIL, '');
    const mail = found.includes('@') && !/^(https?:|www\.)/i.test(found);
    const url = safe(mail ? `mailto:${found}` : /^www\./i.test(found) ? `https://${found}` : found);
    if (!url) continue;
    out.push(text.slice(done, match.index), link(url, found));
    done = match.index + found.length;
  }
  out.push(text.slice(done));
  return out;
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
    let inner = url ? [link(url, words)] : over.some((span) => span.kind === 'code' || span.kind === 'pre') ? [words] : linked(words);
    for (const span of over) if (TAGS[span.kind]) inner = [h(TAGS[span.kind], {}, ...inner)];
    return inner;
  });
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
  const label = part.alt || part.name || words[part.kind] || words.file;
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
    if (!stale(url)) return;
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
 * Buttons that were offered.
 * @param {Option[]} options
 * @param {Setting} setting
 */
export function options(options, setting) {
  return h('div', { class: 'options' }, ...options.map(button));

  /** @param {Option} option */
  function button(option) {
    const url = safe(option.url ?? '');
    if (url) return h('a', { class: 'option', href: url, target: '_blank', rel: 'noopener noreferrer' }, option.text);
    if (!setting.choose) return h('span', { class: 'option' }, option.text);
    return h('button', { class: 'option', type: 'button', onclick: () => setting.choose?.(option) }, option.text);
  }
}

/**
 * One part as an element; null for what is not shown.
 * @param {Part} part
 * @param {Setting} setting
 * @returns {HTMLElement | null}
 */
export function show(part, setting) {
  const { words } = setting;
  switch (part.type) {
    case 'text':
      return h('p', { dir: 'auto' }, ...formatted(part.text, part.spans ?? []));
    case 'choices':
      return h('p', { dir: 'auto' }, ...linked(part.text));
    case 'choice':
      return h('p', { dir: 'auto' }, part.text || part.id);
    case 'media':
      return media(part, setting);
    case 'location':
      return place(part);
    case 'contact':
      return h('span', { class: 'file' }, icon(ICONS.person, 22), fact(part.name, [part.phone, part.email].filter(Boolean).join(' · ')));
    case 'card':
      return card(part, setting);
    case 'form':
      return h('dl', {}, ...part.fields.flatMap((f) => [h('dt', {}, f.label), h('dd', { dir: 'auto' }, (f.kind === 'rating' && f.options?.find(({ id }) => id === f.value)?.text) || f.value || '—')]));
    case 'event':
      return h('p', { class: 'odd' }, words[`event.${part.kind}`] ?? part.kind);
    default:
      return h('p', { class: 'odd' }, [words.unsupported, part.text || `(${part.kind})`].join(' '));
  }
}

/**
 * @param {string} name
 * @param {string} [more]
 */
function fact(name, more) {
  return h('span', { class: 'what' }, h('span', { class: 'name' }, name), more && h('small', {}, more));
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
  return h('div', { class: 'card' }, image, url ? link(url, title) : title, part.text && h('p', {}, ...linked(part.text)));
}

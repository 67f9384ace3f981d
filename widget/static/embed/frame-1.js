/*
 * The chat in a frame, for pages whose policy or taste lets no other site's code see them or be seen by them:
 * `<script src="https://hub/static/embed/frame-1.js" data-channel="web" async></script>`. It needs `script-src` and `frame-src`, and
 * nothing else; a copy of it on the page's own site says where the hub is by `data-hub`. Attributes otherwise as of widget.js.
 * The hub's page shows itself only in pages that the channel's `origins` name. The two speak by exact origin, both ways, and of
 * nothing that was said: open, close, unread, denied, size. This file never changes, so that pages can name its hash in `integrity`;
 * what must change gets another number.
 */
(() => {
  const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);
  if (!script || 'Frontdesk' in window) return;
  const { hub, channel = 'web', lang: asked, theme, side } = script.dataset;
  const root = document.documentElement;
  const lang = (asked === 'page' ? root.lang : asked) || navigator.language;
  const dark = theme ? theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  const phone = matchMedia('(max-width: 480px)');
  const left = side === 'left' || (!side && getComputedStyle(root).direction === 'rtl');
  const page = new URL(`w/${encodeURIComponent(channel)}`, hub || new URL('../../', script.src));
  page.search = String(new URLSearchParams({ corner: left ? 'left' : 'right', lang, theme: dark ? 'dark' : 'light' }));
  const frame = document.createElement('iframe');
  const heard = new EventTarget();
  /** What was asked for before the frame was there. @type {object[]} */
  const early = [];
  let there = false;
  let size = { open: false, width: 0, height: 0, left };

  /** @param {object} message */
  function say(message) {
    if (there) frame.contentWindow?.postMessage({ frontdesk: 1, ...message }, page.origin);
    else early.push(message);
  }

  /** Nothing of the page's own style may cover or move the frame. */
  function fit() {
    const view = window.visualViewport;
    const full = size.open && phone.matches;
    const look = {
      position: 'fixed', display: 'block', margin: '0', padding: '0', border: '0', background: 'none', 'color-scheme': 'light',
      'z-index': '2147483000', 'max-width': '100vw', 'max-height': '100vh', 'min-width': '0', 'min-height': '0', opacity: '1',
      width: full ? '100vw' : `${size.width}px`,
      height: full ? `${view?.height ?? innerHeight}px` : `${size.height}px`,
      top: full ? `${view?.offsetTop ?? 0}px` : 'auto', bottom: full ? 'auto' : '0',
      left: full || size.left ? '0' : 'auto', right: full || !size.left ? '0' : 'auto',
    };
    for (const [name, value] of Object.entries(look)) frame.style.setProperty(name, value, 'important');
  }

  addEventListener('message', ({ source, origin, data }) => {
    if (source !== frame.contentWindow || origin !== page.origin || data?.frontdesk !== 1) return;
    if (data.t === 'ready') {
      there = true;
      say({ t: 'page', url: location.origin + location.pathname });
      for (const message of early.splice(0)) say(message);
    } else if (data.t === 'size') {
      const most = (/** @type {unknown} */ given, /** @type {number} */ limit) => Math.max(0, Math.min(Number(given) || 0, limit));
      size = { open: data.open === true, width: most(data.width, 600), height: most(data.height, 900), left: data.left === true };
      fit();
    } else if (['open', 'close', 'unread', 'denied'].includes(data.t)) {
      heard.dispatchEvent(new CustomEvent(data.t, { detail: data.t === 'unread' ? Number(data.n) || 0 : undefined }));
    }
  });
  addEventListener('resize', fit);
  for (const what of ['resize', 'scroll']) window.visualViewport?.addEventListener(what, fit);

  frame.title = /^zh/i.test(lang) ? '在线客服' : 'Chat';
  frame.allow = `microphone ${page.origin}; autoplay ${page.origin}; clipboard-write ${page.origin}`;
  frame.src = page.href;
  fit();
  const put = () => document.body.append(frame);
  if (document.body) put();
  else addEventListener('DOMContentLoaded', put);
  const api = {
    element: frame,
    open() {
      frame.focus();
      say({ t: 'open' });
      // Where the frame never comes, the same page opens in a window of its own.
      if (!there) setTimeout(() => there || window.open(page.origin + page.pathname), 4000);
    },
    close: () => say({ t: 'close' }),
    /** @param {string | object} who what the site's backend has signed, or what the page says */
    identify: (who) => say({ t: 'identify', who }),
    /** @param {string} name @param {(detail: any) => void} then */
    on: (name, then) => heard.addEventListener(name, (event) => then(/** @type {CustomEvent} */ (event).detail)),
  };
  Object.assign(window, { Frontdesk: api });
})();

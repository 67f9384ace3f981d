/*
 * The one script tag: `<script src="https://hub/widget.js" data-channel="web" async></script>`. It draws the launcher and fetches
 * the rest when somebody shows intent. Attributes: data-channel, data-lang (a language, or `page` to follow <html lang>),
 * data-theme (light, dark), data-side (left), data-mode (`page` fills a page of its own).
 * `Frontdesk.open()`, `.close()`, `.identify(token)` with what the site's backend has signed, `.on(name, listener)` for what happens:
 * open, close, message, unread, denied.
 */
(() => {
  const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);
  if (!script || customElements.get('frontdesk-widget')) return;
  const { channel = 'web', lang: asked, theme = '', side = '', mode = '', talk = '' } = script.dataset;
  const base = new URL('.', script.src).href;
  const lang = (asked === 'page' ? document.documentElement.lang : asked) || navigator.language;
  const zh = /^zh/i.test(lang);
  const key = `frontdesk ${base} ${channel}${mode && talk && ` ${talk.slice(-12)}`}`;
  const modules = ['widget/core.js', 'widget/view.js', 'widget/items.js', 'widget/log.js', 'widget/style.js', 'widget/upload.js'];
  const shared = ['dom.js', 'line.js', 'look.js', 'outbox.js', 'parts.js', 'when.js'].map((name) => `shared/${name}`);

  /** @type {Promise<any> | undefined} */
  let core;

  /** Fetch the core, all modules at once; a second try asks by another address, as browsers remember failed modules. */
  const load = (again = '') => {
    for (const name of [...modules, ...shared]) {
      const hint = document.createElement('link');
      hint.rel = 'modulepreload';
      hint.href = `${base}static/${name}`;
      document.head.append(hint);
    }
    return import(`${base}static/widget/core.js${again}`);
  };
  const intent = () => (core ??= load().catch(() => load('?again')));

  const css = new CSSStyleSheet();
  css.replaceSync(`:host{all:initial;position:fixed;inset-block-end:20px;inset-inline-end:20px;z-index:var(--fd-z,2147483000)}
:host([data-side=left]){inset-inline:20px auto}:host([data-mode=page]) .launcher{display:none}
.launcher{position:relative;display:grid;place-items:center;width:56px;height:56px;padding:0;border:0;border-radius:50%;cursor:pointer;background:var(--fd-accent,#0b6bcb);color:var(--fd-on-accent,#fff);box-shadow:0 6px 20px rgb(10 30 60/.28),0 1px 3px rgb(10 30 60/.2);transition:filter .16s}
.launcher:hover{filter:brightness(1.08)}.launcher:focus-visible{outline:3px solid var(--fd-accent,#0b6bcb);outline-offset:3px}
.badge{position:absolute;inset-block-start:-4px;inset-inline-end:-4px;min-width:22px;height:22px;box-sizing:border-box;padding:0 6px;border-radius:11px;background:#1b1f24;color:#fff;font:600 12px/18px system-ui,sans-serif;border:2px solid #fff;text-align:center}
.badge[hidden]{display:none}@media(prefers-reduced-motion:reduce){.launcher{transition:none}}@media print{:host{display:none}}`);

  class FrontdeskWidget extends HTMLElement {
    /** @type {any} */
    opened;

    constructor() {
      super();
      const root = this.attachShadow({ mode: 'open' });
      root.adoptedStyleSheets = [css];
      this.setting = { base, channel, lang, key, identity: '', talk: mode && talk };
      this.launcher = document.createElement('button');
      this.badge = document.createElement('span');
      this.build();
      root.append(this.launcher);
    }

    build() {
      const { launcher, badge } = this;
      const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
      const path = document.createElementNS(svg.namespaceURI ?? '', 'path');
      svg.setAttribute('viewBox', '0 0 24 24');
      svg.setAttribute('width', '28');
      svg.setAttribute('aria-hidden', 'true');
      path.setAttribute('fill', 'currentColor');
      path.setAttribute('d', 'M12 3.5c-5.200 0-9.200 3.500-9.200 7.800 0 2.400 1.300 4.600 3.300 6l-.6 3.200 3.900-1.700c.8.2 1.700.3 2.600.3 5.200 0 9.200-3.500 9.200-7.800S17.200 3.500 12 3.5z');
      svg.append(path);
      badge.className = 'badge';
      badge.hidden = true;
      launcher.className = 'launcher';
      launcher.type = 'button';
      launcher.setAttribute('part', 'launcher');
      launcher.setAttribute('aria-label', zh ? '打开在线客服' : 'Chat with us');
      launcher.setAttribute('aria-expanded', 'false');
      launcher.append(svg, badge);
      for (const sign of ['pointerenter', 'focus', 'touchstart']) launcher.addEventListener(sign, intent, { once: true, passive: true });
      launcher.addEventListener('click', () => this.toggle());
    }

    connectedCallback() {
      Object.assign(this.dataset, side && { side }, theme && { theme }, mode && { mode });
      if (mode === 'page') this.open();
      else if (known()) setTimeout(() => this.panel(), 1200);
    }

    /** @returns {Promise<any>} */
    panel() {
      return intent().then((module) => (this.opened ??= new module.Core(this)));
    }

    toggle() {
      return this.launcher.getAttribute('aria-expanded') === 'true' ? this.close() : this.open();
    }

    open() {
      return this.panel().then((opened) => opened.open(), () => {
        if (mode !== 'page') window.open(`${base}w/${channel}`, '_blank', 'noopener');
      });
    }

    close() {
      this.opened?.close();
    }
  }

  /** Somebody who was here before may have an answer waiting. */
  function known() {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  }

  customElements.define('frontdesk-widget', FrontdeskWidget);
  const element = /** @type {FrontdeskWidget} */ (document.createElement('frontdesk-widget'));
  const put = () => document.body.append(element);
  if (document.body) put();
  else addEventListener('DOMContentLoaded', put);
  const api = {
    element,
    open: () => element.open(),
    close: () => element.close(),
    /** @param {string} token */
    identify(token) {
      element.setting.identity = token;
      element.opened?.identify();
    },
    /** @param {string} name @param {(detail: any) => void} then */
    on: (name, then) => element.addEventListener(name, (event) => then(/** @type {CustomEvent} */ (event).detail)),
  };
  Object.assign(window, { Frontdesk: api });
})();

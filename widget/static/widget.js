/*
 * The one script tag: `<script src="https://hub/widget.js" data-channel="web" async></script>`. It draws the launcher and fetches
 * the rest when somebody shows intent. Attributes: data-channel, data-lang (a language, or `page` to follow <html lang>),
 * data-theme (light, dark), data-side (left), data-mode (`page` fills a page of its own).
 * `Frontdesk.open()`, `.close()`, `.identify(token)` with what the site's backend has signed, `.on(name, listener)` for what happens:
 * open, close, message, unread, denied. The hub puts what each channel's file says of lines that come by themselves into the last
 * pair of brackets: nothing else is fetched before intent.
 */
((/** @type {Record<string, {hide?: boolean, say?: [string, number, Record<string, string>][]}>} */ told) => {
  const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);
  if (!script || customElements.get('frontdesk-widget')) return;
  const { channel = 'web', lang: asked, theme, side, mode, talk } = script.dataset;
  const base = new URL('.', script.src).href;
  const lang = (asked === 'page' ? document.documentElement.lang : asked) || navigator.language;
  const zh = /^zh/i.test(lang);
  /** Where the customer is: a chat in a frame is told so by the page around it. */
  const here = () => script.dataset.page ?? location.origin + location.pathname;
  const key = `frontdesk ${base} ${channel}${mode && talk ? ` ${talk.slice(-12)}` : ''}`;
  const modules = 'widget/core widget/view widget/composer widget/items widget/log widget/style widget/tabs'.split(' ');
  const shared = 'shared/dom shared/line shared/look shared/outbox shared/parts shared/when'.split(' ');
  const { hide, say = [] } = told[channel] ?? {};

  /** @param {string} tag @param {object} props @returns {any} */
  const make = (tag, props) => Object.assign(document.createElement(tag), props);

  /** @type {Promise<any> | undefined} */
  let core;

  /** Fetch the core, all modules at once; a second try asks by another address, as browsers remember failed modules. */
  const load = (again = '') => {
    for (const name of [...modules, ...shared]) {
      document.head.append(make('link', { rel: 'modulepreload', href: `${base}static/${name}.js` }));
    }
    return import(`${base}static/widget/core.js${again}`);
  };
  const intent = () => (core ??= load().catch(() => load('?again')));

  const css = new CSSStyleSheet();
  css.replaceSync(`:host{all:initial;position:fixed;inset-block-end:20px;inset-inline-end:20px;z-index:var(--fd-z,2147483000)}
:host([data-side=left]){inset-inline:20px auto}:host([data-mode=page]) .launcher{display:none}
.launcher{position:relative;display:grid;place-items:center;width:56px;height:56px;padding:0;border:0;border-radius:50%;cursor:pointer;background:var(--fd-accent,#0b6bcb);color:var(--fd-on-accent,#fff);box-shadow:0 6px 20px rgb(10 30 60/.28)}
.launcher[aria-expanded=false]::before{content:"";width:24px;height:24px;transform:scale(1.17);background:currentColor;clip-path:path("M12 3.5c-5.2 0-9.2 3.5-9.2 7.8 0 2.4 1.3 4.6 3.3 6l-.6 3.2 3.9-1.7c.8.2 1.7.3 2.6.3 5.2 0 9.2-3.5 9.2-7.8S17.2 3.5 12 3.5z")}.launcher:hover{filter:brightness(1.08)}.launcher:focus-visible{outline:3px solid var(--fd-accent,#0b6bcb);outline-offset:3px}
.badge{position:absolute;inset-block-start:-4px;inset-inline-end:-4px;min-width:22px;height:22px;box-sizing:border-box;padding:0 6px;border-radius:11px;background:#1b1f24;color:#fff;font:600 12px/18px system-ui,sans-serif;border:2px solid #fff;text-align:center}
.tease{position:absolute;inset-block-end:70px;inset-inline-end:0;display:flex;width:max-content;max-width:min(300px,80vw);background:#fff;color:#1b1f24;border-radius:14px;box-shadow:0 6px 20px rgb(10 30 60/.28);font:15px/1.5 system-ui,sans-serif}:host([data-side=left]) .tease{inset-inline:0 auto}
.tease button{padding:12px 16px;border:0;background:none;color:inherit;font:inherit;text-align:start;cursor:pointer}
@media print{:host{display:none}}`);

  class FrontdeskWidget extends HTMLElement {
    /** @type {any} */
    opened;
    /** @type {HTMLElement | undefined} */
    tease;

    constructor() {
      super();
      const root = this.attachShadow({ mode: 'open' });
      root.adoptedStyleSheets = [css];
      this.setting = { base, channel, lang, key, here, identity: /** @type {any} */ (''), talk: mode && talk };
      this.launcher = make('button', { className: 'launcher', ariaLabel: zh ? '打开在线客服' : 'Chat with us', ariaExpanded: 'false', onclick: () => this.toggle() });
      this.badge = make('span', { className: 'badge', hidden: true });
      const { launcher, badge } = this;
      launcher.part.add('launcher');
      launcher.append(badge);
      root.append(launcher);
      for (const sign of ['pointerenter', 'focus']) launcher.addEventListener(sign, intent, { once: true });
    }

    connectedCallback() {
      Object.assign(this.dataset, side && { side }, theme && { theme }, mode && { mode });
      if (mode) this.open();
      else if (known()) setTimeout(() => this.panel(), 1200);
    }

    /** A line that comes by itself: a press on it opens the chat with it. @param {string} text */
    greet(text) {
      const box = make('div', { className: 'tease', role: 'status' });
      for (const words of [text, zh ? '关闭' : 'Close']) {
        box.append(make('button', { textContent: words, onclick: () => (words === text ? this.open() : box.remove()) }));
      }
      Object.assign(this.setting, { hello: text });
      this.tease = box;
      this.shadowRoot?.append(box);
    }

    /** @returns {Promise<any>} */
    panel() {
      return intent().then((module) => (this.opened ??= new module.Core(this)));
    }

    toggle() {
      return this.launcher.ariaExpanded === 'true' ? this.close() : this.open();
    }

    open() {
      this.tease?.remove();
      return this.panel().then((opened) => opened.open()).catch((why) => {
        if (mode) throw why;
        const page = `${base}w/${channel}`;
        window.open(page) ?? location.assign(page);
      });
    }

    close() {
      this.opened?.close();
    }
  }

  /** Wait for the first line whose page and time have come, once in a visit; a page that changes its address begins anew. */
  function watch() {
    let path = '';
    let since = 0;
    const clock = setInterval(() => {
      if (path !== here()) [path, since] = [here(), Date.now()];
      const texts = say.find(([paths, ms]) => new RegExp(paths).test(new URL(path).pathname) && Date.now() - since >= ms)?.[2];
      if (!texts && !element.opened) return;
      clearInterval(clock);
      if (!texts || element.opened || sessionStorage[key]) return;
      sessionStorage[key] = 1;
      element.greet(texts[lang] ?? texts[lang.split('-')[0]] ?? Object.values(texts)[0]);
    }, 500);
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
  const element = /** @type {FrontdeskWidget} */ (make('frontdesk-widget', {}));
  const put = () => {
    if (hide && !mode && !known()) return;
    document.body.append(element);
    if (say.length && !mode) watch();
  };
  if (document.body) put();
  else addEventListener('DOMContentLoaded', put);
  const api = {
    element,
    open: () => element.open(),
    close: () => element.close(),
    /** @param {string | Record<string, any>} who a token, or `{name, email, attributes}` that nobody vouches for */
    identify(who) {
      element.setting.identity = who;
      element.opened?.identify();
    },
    /** @param {string} name @param {(detail: any) => void} then */
    on: (name, then) => element.addEventListener(name, (event) => then(/** @type {CustomEvent} */ (event).detail)),
  };
  Object.assign(window, { Frontdesk: api });
})({});

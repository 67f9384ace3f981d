/**
 * The hub's side of a chat in a frame: it speaks with the page around it, once that has shown by its exact origin that the channel
 * names it, and says how much room the chat needs. Messages of any other window or origin are no messages.
 * @module
 */

const CLOSED = 96;
const OPEN = { width: 482, height: 760 };
const GREETING = { width: 340, height: 260 };
const TOLD = ['open', 'close', 'unread', 'denied'];

/**
 * @param {Set<string>} allowed the origins that the channel names
 * @param {DOMStringMap} setting what the loader reads; `page` is where the customer is
 * @param {() => void} begin draws the chat, now that it is known where
 */
export function inside(allowed, setting, begin) {
  const around = window.parent;
  let origin = '';
  /** @type {any} */
  let api;
  /** What was asked for before the chat was there. @type {any[]} */
  const early = [];

  /** @param {any} data */
  function take(data) {
    if (!api) return early.push(data);
    if (data.t === 'open') api.open();
    if (data.t === 'close') api.close();
    if (data.t === 'identify' && data.who) api.identify(data.who);
  }

  addEventListener('message', ({ source, origin: theirs, data }) => {
    if (source !== around || !allowed.has(theirs) || (origin && theirs !== origin) || data?.frontdesk !== 1) return;
    if (data.t === 'page' && !origin) {
      origin = theirs;
      setting.page = String(data.url);
      begin();
    } else if (origin) {
      take(data);
    }
  });
  // The first word goes to whoever is around: it says nothing, and only the named ones can be.
  for (const one of allowed) around.postMessage({ frontdesk: 1, t: 'ready' }, one);

  /** @param {object} message */
  const tell = (message) => around.postMessage({ frontdesk: 1, ...message }, origin);

  function size() {
    const { element } = api;
    const open = element.launcher.ariaExpanded === 'true';
    const room = open ? OPEN : element.tease?.isConnected ? GREETING : { width: CLOSED, height: CLOSED };
    const shown = element.isConnected ? room : { width: 0, height: 0 };
    tell({ t: 'size', open, left: element.dataset.side === 'left', ...shown });
  }

  /** The loader is there. */
  return () => {
    api = Reflect.get(window, 'Frontdesk');
    for (const name of TOLD) api.on(name, (/** @type {number | undefined} */ n) => tell({ t: name, n }));
    const watch = new MutationObserver(size);
    watch.observe(api.element, { attributes: true });
    watch.observe(api.element.shadowRoot, { childList: true, subtree: true, attributeFilter: ['aria-expanded'] });
    watch.observe(document.body, { childList: true });
    size();
    for (const data of early) take(data);
  };
}

/*
 * A page of its own for a channel, `/w/{channel}`: where the widget leads when a site cannot load it, and for links in e-mails.
 * The channel's name is only in the address, so the script tag is filled in here; it comes from a template, as a strict policy
 * lets no script set another's address. `#talk=` holds the token of a conversation that began
 * on another channel and goes on here; only this page takes it, so that nobody can plant one on a shop's pages. With `?corner=` it
 * is the frame that `embed/frame-1.js` has put into a page: the chat with its button, drawn once that page has shown who it is.
 */
{
  const own = /** @type {HTMLScriptElement} */ (document.currentScript);
  const asked = new URLSearchParams(location.search);
  const root = document.documentElement;
  const corner = asked.get('corner');
  const lang = asked.get('lang') ?? '';
  root.lang = lang || navigator.language;
  const { content } = /** @type {HTMLTemplateElement} */ (document.querySelector('template'));
  const script = /** @type {HTMLScriptElement} */ (document.importNode(/** @type {Node} */ (content.firstChild), true));
  const theme = asked.get('theme') ?? '';
  Object.assign(script.dataset, { channel: decodeURIComponent(location.pathname.split('/').pop() ?? 'web'), lang }, theme && { theme });

  /** Whoever came here must not look at an empty page. */
  function sorry() {
    const line = document.createElement('p');
    line.textContent = /^zh/i.test(root.lang) ? '暂时无法打开聊天，请检查网络后重新加载页面。' : 'The chat could not be opened. Check your connection, then reload this page.';
    document.body.replaceChildren(line);
  }
  script.addEventListener('error', sorry);
  const begin = () => document.head.append(script);
  if (corner) {
    root.classList.add('corner');
    if (corner === 'left') script.dataset.side = corner;
    const allowed = new Set((own.dataset.origins ?? '').split(' ').filter(Boolean));
    import(new URL('embed/inside.js', own.src).href).then(({ inside }) => script.addEventListener('load', inside(allowed, script.dataset, begin)));
  } else {
    addEventListener('unhandledrejection', sorry);
    script.dataset.mode = 'page';
    script.dataset.talk = new URLSearchParams(location.hash.slice(1)).get('talk') ?? '';
    begin();
  }
}

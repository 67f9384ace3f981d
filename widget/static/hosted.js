/*
 * A page of its own for a channel, `/w/{channel}`: where the widget leads when a site cannot load it, and for links in e-mails.
 * The channel's name is only in the address, so the script tag is made here.
 */
{
  const script = document.createElement('script');
  script.src = new URL('../widget.js', /** @type {HTMLScriptElement} */ (document.currentScript).src).href;
  script.dataset.channel = decodeURIComponent(location.pathname.split('/').pop() ?? 'web');
  script.dataset.lang = new URLSearchParams(location.search).get('lang') ?? '';
  script.dataset.mode = 'page';
  document.documentElement.lang = script.dataset.lang || navigator.language;
  document.head.append(script);
}

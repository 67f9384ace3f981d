/*
 * A page of its own for a channel, `/w/{channel}`: where the widget leads when a site cannot load it, and for links in e-mails.
 * The channel's name is only in the address, so the script tag is made here. `#talk=` holds the token of a conversation that began
 * on another channel and goes on here; only this page takes it, so that nobody can plant one on a shop's pages.
 */
{
  const script = document.createElement('script');
  script.src = new URL('../widget.js', /** @type {HTMLScriptElement} */ (document.currentScript).src).href;
  script.dataset.channel = decodeURIComponent(location.pathname.split('/').pop() ?? 'web');
  script.dataset.lang = new URLSearchParams(location.search).get('lang') ?? '';
  script.dataset.mode = 'page';
  script.dataset.talk = new URLSearchParams(location.hash.slice(1)).get('talk') ?? '';
  document.documentElement.lang = script.dataset.lang || navigator.language;
  document.head.append(script);
}

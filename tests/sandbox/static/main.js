/**
 * The sandbox's page: two telephones at the left, the agents' Slack at the right; on a telephone one of the three at a time.
 * @module
 */
import { h } from './dom.js';
import { follow, telling } from './hub.js';
import { Phone } from './phone.js';
import { Slack } from './slack.js';
import { speak, spoken, t } from './words.js';

const SIDES = /** @type {const} */ (['telegram', 'wechat', 'slack']);
const phones = ['telegram', 'wechat'].map((side) => /** @type {Phone} */ (h(/** @type {any} */ ('sandbox-phone'), { side })));
const slack = /** @type {Slack} */ (h(/** @type {any} */ ('sandbox-slack')));
const told = h('p', { class: 'told', role: 'status' });
const stage = h('main', { 'data-side': 'telegram' }, ...phones, slack);
const top = h('header', { class: 'top' });
const wanted = new URLSearchParams(location.search).get('lang');
let last = { lang: '', hub: '', ready: true };

/** @param {string} side */
function look(side) {
  stage.dataset.side = side;
  for (const tab of top.querySelectorAll('[data-tab]')) tab.setAttribute('aria-pressed', String(tab.getAttribute('data-tab') === side));
}

/** @param {string} lang */
function frame(lang) {
  speak(lang);
  document.title = t('title');
  const tabs = SIDES.map((side) => h('button', { type: 'button', class: 'tab', 'data-tab': side, onclick: () => look(side) }, t(side)));
  const other = h('button', { type: 'button', class: 'plain', onclick: () => frame(spoken() === 'zh' ? 'en' : 'zh') }, t('other'));
  const console_ = h('a', { href: `${last.hub}/console/`, target: '_blank', rel: 'noopener' }, t('console'));
  top.replaceChildren(h('h1', {}, t('title')), h('nav', { 'aria-label': t('tabs') }, ...tabs), h('span', { class: 'gap' }), last.hub && console_, other);
  phones.forEach((phone) => phone.frame());
  slack.frame();
  look(stage.dataset.side ?? 'telegram');
  show(state);
}

/** @type {any} */
let state = null;

/** @param {any} now */
function show(now) {
  if (!now) return;
  state = now;
  const fresh = last.hub !== now.hub;
  last = now;
  if (fresh) return frame(wanted ?? now.lang);
  if (!now.ready) told.textContent = t('starting');
  else if (told.textContent === t('starting')) told.textContent = '';
  phones.forEach((phone) => phone.show(now[phone.side]));
  slack.show(now.slack);
}

telling((text) => (told.textContent = text));
document.body.append(top, told, stage);
frame(wanted ?? navigator.language);
void follow(show, (lost) => {
  if (lost) told.textContent = t('lost');
  else if (told.textContent === t('lost')) told.textContent = '';
});

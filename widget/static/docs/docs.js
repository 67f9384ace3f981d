/**
 * The API's page: /openapi.json, to read. Everything is made by DOM calls from the document that the hub itself serves.
 * @module
 */

import { fill, h } from '../shared/dom.js';
import { colours, sheet } from '../shared/look.js';

/** @typedef {Record<string, any>} Schema */

const WORDS = {
  en: {
    find: 'Find a call', other: '中文', who: 'Who may', place: 'In the address', query: 'Query', takes: 'Body', gives: 'Answers', by: 'Signed in by',
    must: '* always there', nothing: 'Nothing fits.', failed: 'The document could not be read. Reload the page.', everybody: 'everybody',
  },
  'zh-CN': {
    find: '查找接口', other: 'English', who: '可用角色', place: '路径参数', query: '查询参数', takes: '请求体', gives: '响应', by: '身份验证',
    must: '* 必有字段', nothing: '没有匹配的接口。', failed: '文档读取失败，请刷新页面。', everybody: '所有人',
  },
};
const KEPT = 'docs language';
const DEEPEST = 6;

/** @type {Schema} */
let doc = {};
/** @type {keyof typeof WORDS} */
let language = /^zh/i.test(localStorage.getItem(KEPT) ?? navigator.language) ? 'zh-CN' : 'en';

const word = (/** @type {keyof typeof WORDS.en} */ name) => WORDS[language][name];
const told = (/** @type {Schema} */ what, /** @type {string} */ plain) => (language === 'zh-CN' ? what['x-zh'] : what[plain]) ?? what[plain];
const anchor = (/** @type {string} */ name) => name.replaceAll(' ', '-');

/**
 * What a reference points to.
 * @param {Schema} schema
 * @returns {Schema}
 */
function resolved(schema) {
  return schema.$ref ? doc.components.schemas[schema.$ref.split('/').pop()] : schema;
}

/**
 * A type in a few characters.
 * @param {Schema} schema
 * @returns {string}
 */
function typeOf(schema) {
  if (schema.$ref) return schema.$ref.split('/').pop();
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map(typeOf).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((/** @type {unknown} */ one) => JSON.stringify(one)).join(' | ');
  if (schema.type === 'array') return `[${typeOf(schema.items ?? {})}]`;
  const most = schema.maxLength ? ` ≤ ${schema.maxLength}` : '';
  return (schema.format ?? schema.type ?? '…') + most;
}

/**
 * The fields of a shape, and of the shapes in it.
 * @param {Schema} given
 * @param {string[]} above names of the shapes around it: none is shown inside itself
 * @returns {HTMLElement | null}
 */
function fields(given, above = []) {
  const name = given.$ref ?? '';
  if (above.includes(name) || above.length > DEEPEST) return null;
  const around = name ? [...above, name] : above;
  const schema = resolved(given);
  if (schema.type === 'array') return fields(schema.items ?? {}, around);
  const shapes = (schema.anyOf ?? schema.oneOf ?? []).filter((/** @type {Schema} */ one) => one.$ref);
  if (shapes.length === 1) return fields(shapes[0], around);
  if (shapes.length) return lists(shapes.map((/** @type {Schema} */ one) => [typeOf(one), one]), around, []);
  if (schema.additionalProperties?.$ref) return fields(schema.additionalProperties, around);
  return schema.properties ? lists(Object.entries(schema.properties), around, schema.required ?? []) : null;
}

/**
 * @param {[string, Schema][]} entries
 * @param {string[]} above
 * @param {string[]} required
 */
function lists(entries, above, required) {
  const made = entries.map(([name, schema]) => {
    const type = typeOf(schema);
    const about = schema.description ?? resolved(schema)?.description ?? '';
    return h('li', {},
      h('code', { class: required.includes(name) ? 'must' : null }, name),
      h('span', { class: 'type' }, [type === name ? '' : type, about].filter(Boolean).join(' · ')),
      fields(schema, above));
  });
  return h('ul', { class: 'fields' }, ...made);
}

/**
 * @param {string} title
 * @param {...import('../shared/dom.js').Child} content
 */
function part(title, ...content) {
  return content.some(Boolean) ? h('div', {}, h('h3', {}, title), ...content) : null;
}

/**
 * @param {string} status
 * @param {Schema} answer
 */
function given(status, answer) {
  const [kind, content] = Object.entries(answer.content ?? {})[0] ?? ['', null];
  const wrong = !/^[123]/.test(status);
  const about = [kind && !wrong ? kind : '', answer.description].filter(Boolean).join(' · ');
  return h('li', {}, h('code', {}, status), h('span', { class: 'type' }, about), content && !wrong ? fields(content.schema) : null);
}

/**
 * One call, closed; what is inside is made when it is opened.
 * @param {string} method
 * @param {string} path
 * @param {Schema} call
 * @param {Schema[]} places
 */
function operation(method, path, call, places) {
  const body = h('div', { class: 'body' });
  const open = () => {
    const named = (/** @type {Schema[]} */ some) => some.map((one) => /** @type {[string, Schema]} */ ([one.name, one.schema]));
    const must = (call.parameters ?? []).filter((/** @type {Schema} */ one) => one.required).map((/** @type {Schema} */ one) => one.name);
    const content = Object.values(call.requestBody?.content ?? {})[0];
    const keys = (call.security ?? []).map((/** @type {Schema} */ one) => doc.components.securitySchemes[Object.keys(one)[0]].description);
    fill(body,
      part(word('by'), h('p', {}, keys.join(' · ') || word('everybody'))),
      part(word('who'), call['x-roles'] && h('p', {}, call['x-roles'].join(', '))),
      part(word('place'), places.length > 0 && lists(named(places), [], [])),
      part(word('query'), call.parameters && lists(named(call.parameters), [], must)),
      part(word('takes'), content && fields(content.schema)),
      part(word('gives'), h('ul', { class: 'fields' }, ...Object.entries(call.responses).map(([status, answer]) => given(status, answer)))),
      h('p', { class: 'none' }, word('must')));
  };
  const name = method.toUpperCase();
  const made = h('details', { id: call.operationId, ontoggle: () => made.open && open() },
    h('summary', {}, h('b', { class: name }, name), h('code', {}, path), h('span', { class: 'what' }, told(call, 'summary'))), body);
  return made;
}

/** @param {string} wanted */
function groups(wanted) {
  const fits = (/** @type {string} */ path, /** @type {Schema} */ call) =>
    [path, call.summary, call['x-zh']].some((text) => text.toLowerCase().includes(wanted.trim().toLowerCase()));
  return doc.tags.map((/** @type {Schema} */ tag) => {
    const calls = Object.entries(doc.paths).flatMap(([path, { parameters = [], ...methods }]) =>
      Object.entries(methods)
        .filter(([, call]) => call.tags[0] === tag.name && fits(path, call))
        .map(([method, call]) => operation(method, path, call, parameters)));
    return calls.length > 0 && h('section', { id: anchor(tag.name) }, h('h2', {}, tag.name), h('p', {}, told(tag, 'description')), ...calls);
  }).filter(Boolean);
}

function show() {
  document.documentElement.lang = language;
  const found = h('div', {});
  const look = () => {
    const all = groups(find.value);
    fill(found, ...(all.length ? all : [h('p', { class: 'none', role: 'status' }, word('nothing'))]));
  };
  const find = h('input', { class: 'find', type: 'search', placeholder: word('find'), 'aria-label': word('find'), oninput: look });
  const change = () => {
    language = language === 'en' ? 'zh-CN' : 'en';
    localStorage.setItem(KEPT, language);
    show();
  };
  const jumps = doc.tags.map((/** @type {Schema} */ tag) => h('a', { href: `#${anchor(tag.name)}` }, tag.name));
  fill(document.body,
    h('header', { class: 'top' }, h('h1', {}, `${doc.info.title} API ${doc.info.version}`), find,
      h('button', { class: 'language', type: 'button', onclick: change }, word('other'))),
    h('main', {}, h('p', { class: 'about' }, doc.info.description),
      h('nav', { class: 'jump', 'aria-label': 'API' }, ...jumps, h('a', { href: '/openapi.json' }, 'openapi.json')), found));
  look();
}

document.adoptedStyleSheets = [sheet(colours(':root'))];
try {
  doc = await (await fetch('/openapi.json')).json();
  show();
  const wanted = location.hash && document.getElementById(location.hash.slice(1));
  if (wanted instanceof HTMLDetailsElement) wanted.open = true;
  if (wanted) wanted.scrollIntoView();
} catch {
  fill(document.body, h('main', {}, h('p', { role: 'alert' }, word('failed'))));
}

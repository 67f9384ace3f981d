/**
 * Elements by DOM calls only: no markup is ever parsed, so nothing that anybody writes can become any.
 * @module
 */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [props] attributes, and listeners as `onclick`
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  node.append(...children.filter((child) => child || child === '').map((child) => /** @type {Node | string} */ (child)));
  return node;
}

/**
 * Make these the children of an element, and leave those alone that are there already: a press that has begun on one would be lost.
 * @param {Element} box @param {Node[]} children
 */
function follow(box, children) {
  children.forEach((node, n) => {
    const old = box.childNodes[n];
    if (!old) box.append(node);
    else if (old instanceof Element && old.cloneNode().isEqualNode(node.cloneNode())) follow(old, [...node.childNodes]);
    else if (!old.isEqualNode(node)) old.replaceWith(node);
  });
  [...box.childNodes].slice(children.length).forEach((node) => node.remove());
}

/**
 * Draw a box anew and keep what a person would miss: where the keyboard was (by `data-key`), and its end in sight.
 * @param {HTMLElement} box @param {Node[]} children
 */
export function draw(box, children) {
  const key = box.contains(document.activeElement) ? document.activeElement?.getAttribute('data-key') : null;
  const low = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  follow(box, children);
  if (low) box.scrollTop = box.scrollHeight;
  if (key) /** @type {HTMLElement | null} */ (box.querySelector(`[data-key="${CSS.escape(key)}"]`))?.focus();
}

/** Enter sends, but never the Enter that confirms an input method's candidate. @param {KeyboardEvent} event */
export function sends(event) {
  return event.key === 'Enter' && !event.shiftKey && !event.isComposing && event.keyCode !== 229;
}

/**
 * A field and its button.
 * @param {{label: string, button: string, send: (text: string) => Promise<boolean>, more?: Node | null, key: string}} given
 */
export function composer({ label, button, send, more = null, key }) {
  const field = h('textarea', { rows: 1, 'aria-label': label, placeholder: label, 'data-field': key });
  const go = async () => {
    const text = field.value.trim();
    if (text && (await send(text))) field.value = '';
    field.focus();
  };
  field.addEventListener('keydown', (event) => {
    if (!sends(event)) return;
    event.preventDefault();
    void go();
  });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void go();
  };
  return h('form', { class: 'composer', onsubmit: submit }, more, field, h('button', { type: 'submit', class: 'primary' }, button));
}

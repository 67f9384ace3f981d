/**
 * Small tools for the page's tree: elements, icons and lists, made by DOM calls only (no markup is ever parsed).
 * @module
 */

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * An element with attributes, listeners (`onclick`…) and children. Strings become text nodes.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [props]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  fill(node, ...children);
  return node;
}

/**
 * Replace what an element holds.
 * @param {Element} node
 * @param {...Child} children
 */
export function fill(node, ...children) {
  node.replaceChildren(...children.filter((child) => child || child === '').map((child) => /** @type {Node} */ (child)));
}

const SVG = 'http://www.w3.org/2000/svg';

/**
 * An icon of 24 units, drawn with strokes; a path that starts with `!` is filled instead.
 * @param {string} path
 * @param {number} [size]
 * @returns {SVGSVGElement}
 */
export function icon(path, size = 20) {
  const svg = document.createElementNS(SVG, 'svg');
  const solid = path.startsWith('!');
  const shape = document.createElementNS(SVG, 'path');
  shape.setAttribute('d', solid ? path.slice(1) : path);
  const look = { viewBox: '0 0 24 24', width: size, height: size, 'aria-hidden': 'true', class: 'icon' };
  const ink = solid ? { fill: 'currentColor' } : { fill: 'none', stroke: 'currentColor', 'stroke-width': 1.75 };
  for (const [name, value] of Object.entries({ ...look, ...ink, 'stroke-linecap': 'round', 'stroke-linejoin': 'round' })) {
    svg.setAttribute(name, String(value));
  }
  svg.append(shape);
  return svg;
}

/**
 * Make a list's children follow its items: a node is made again only when its stamp changed, and moved only when it must be.
 * @template T
 * @param {Element} parent
 * @param {T[]} items
 * @param {(item: T) => string} key
 * @param {(item: T) => string} stamp
 * @param {(item: T) => HTMLElement} make
 */
export function follow(parent, items, key, stamp, make) {
  const known = new Map([...parent.children].map((node) => [node.getAttribute('data-key'), /** @type {HTMLElement} */ (node)]));
  let next = parent.firstElementChild;
  for (const item of items) {
    const name = key(item);
    const mark = stamp(item);
    let node = known.get(name);
    known.delete(name);
    if (!node || node.dataset.stamp !== mark) {
      const fresh = make(item);
      fresh.dataset.key = name;
      fresh.dataset.stamp = mark;
      if (node) {
        if (next === node) next = node.nextElementSibling;
        node.replaceWith(fresh);
      }
      node = fresh;
    }
    if (node === next) next = node.nextElementSibling;
    else parent.insertBefore(node, next);
  }
  for (const node of known.values()) node.remove();
}

/** An id that is new everywhere; `crypto.randomUUID` is missing on pages without https. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Whether a key press means "send": Enter, but never the Enter that confirms an input method's candidate.
 * Safari and some input methods end the composition first and then report key code 229.
 * @param {KeyboardEvent} event
 */
export function sends(event) {
  return event.key === 'Enter' && !event.shiftKey && !event.altKey && !event.isComposing && event.keyCode !== 229;
}

/**
 * Let a text field grow with what is written, up to its `max-height`.
 * @param {HTMLTextAreaElement} field
 */
export function grow(field) {
  field.style.height = 'auto';
  field.style.height = `${field.scrollHeight}px`;
}

/**
 * Keep a scrolled box at its end until somebody scrolls up: pictures make what is in it grow long after they were put in, and
 * what they take the place of makes it shrink, upon which browsers scroll up by themselves.
 * @param {HTMLElement} box @param {number} near pixels from the end that count as the end
 * @returns {() => boolean} whether it is at its end
 */
export function anchored(box, near) {
  let low = true;
  let top = 0;
  box.addEventListener('scroll', () => {
    if (box.scrollHeight - box.scrollTop - box.clientHeight < near) low = true;
    else if (box.scrollTop < top) low = false;
    top = box.scrollTop;
  }, { passive: true });
  const sizes = new ResizeObserver(() => {
    if (!low) return;
    box.scrollTop = box.scrollHeight;
    top = box.scrollTop;
  });
  for (const one of [box, ...box.children]) sizes.observe(one);
  return () => low;
}

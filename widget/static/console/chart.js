/**
 * Bars by day, drawn as SVG; what they show is in a table below for whoever does not see them.
 * @module
 */

import { h } from '../shared/dom.js';

const SVG = 'http://www.w3.org/2000/svg';
const HIGH = 160;
const LEFT = 60;
const FOOT = 22;

/** @param {string} tag @param {Record<string, string | number>} props @param {...Node} children */
function draw(tag, props, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(props)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/** Ends of an axis of seconds, whose halves read well too. */
const TIMES = [2, 10, 60, 120, 600, 1200, 3600, 7200, 14_400, 28_800, 86_400, 172_800, 604_800];

/** A round number that is not below another. @param {number} most @param {boolean} times */
function top(most, times) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, most)));
  return (times ? TIMES : [2, 4, 10, 20].map((n) => n * power)).find((n) => n >= most) ?? most;
}

/**
 * @typedef {{label: string, title: string, values: number[]}} Bar values of the series, side by side
 */
export class Chart extends HTMLElement {
  /** @param {string} about @param {string[]} series their names @param {Bar[]} bars @param {(n: number) => string} show @param {boolean} [times] */
  constructor(about, series, bars, show, times = false) {
    super();
    this.about = about;
    this.series = series;
    this.bars = bars;
    this.show = show;
    this.times = times;
    this.drawn = 0;
    this.drawn = 0;
    this.watch = new ResizeObserver(() => this.#draw());
  }

  connectedCallback() {
    this.watch.observe(this);
    this.#draw();
  }

  disconnectedCallback() {
    this.watch.disconnect();
  }

  #draw() {
    const wide = Math.max(240, Math.round(this.clientWidth));
    if (wide === this.drawn) return;
    this.drawn = wide;
    const most = top(Math.max(1, ...this.bars.flatMap((bar) => bar.values)), this.times);
    const step = (wide - LEFT) / Math.max(1, this.bars.length);
    const each = Math.max(1.5, Math.min(22, (step * 0.7) / this.series.length));
    const at = (/** @type {number} */ n) => HIGH - (n / most) * (HIGH - 8);
    const lines = [0, most / 2, most].map((n) => draw('g', {},
      draw('line', { x1: LEFT, x2: wide, y1: at(n), y2: at(n), class: 'grid' }),
      label(LEFT - 8, at(n) + 4, this.show(n), 'end')));
    const every = Math.ceil(56 / step);
    const bars = this.bars.map((bar, i) => {
      const x = LEFT + step * i + (step - each * this.series.length) / 2;
      const shapes = bar.values.map((n, k) => draw('rect', {
        x: x + each * k, y: at(n), width: Math.max(1, each - 1), height: HIGH - at(n), rx: Math.min(2, each / 3), class: `s${k}`,
      }));
      const hit = draw('rect', { x: LEFT + step * i, y: 0, width: step, height: HIGH, class: 'hit' });
      const under = i % every === 0 ? [label(LEFT + step * (i + 0.5), HIGH + 16, bar.label, 'middle')] : [];
      const title = draw('title', {}, document.createTextNode(bar.title));
      return draw('g', {}, title, hit, ...shapes, ...under);
    });
    const svg = draw('svg', { viewBox: `0 0 ${wide} ${HIGH + FOOT}`, width: wide, height: HIGH + FOOT, role: 'img', 'aria-label': this.about }, ...lines, ...bars);
    const legend = this.series.length > 1 &&
      h('p', { class: 'legend', 'aria-hidden': 'true' }, ...this.series.map((name, k) => h('span', {}, h('i', { class: `s${k}` }), name)));
    this.replaceChildren(svg, ...(legend ? [legend] : []));
  }
}

/** @param {number} x @param {number} y @param {string} text @param {string} anchor */
function label(x, y, text, anchor) {
  return draw('text', { x, y, 'text-anchor': anchor }, document.createTextNode(text));
}

customElements.define('fd-chart', Chart);

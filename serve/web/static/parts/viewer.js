/** The picture of a page with boxes over it, as SVG at any zoom. */

import { fill, make, svg } from '../browser/dom.js';
import { t } from '../texts/texts.js';

/**
 * @typedef {object} Sheet What the viewer shows.
 * @property {number} width Of the upright page, in pixels.
 * @property {number} height
 * @property {number} rotation Degrees by which the stored page is turned clockwise to stand upright.
 * @property {string} url Of the picture of the stored page; '' while there is none.
 */
/** @typedef {{polygon: number[][], label: string, kind: '' | 'doubtful' | 'found'}} Box */
/** @typedef {import('./structure.js').Shape} Shape */
/** @typedef {import('./structure.js').Layer} Layer */

const LARGEST_ZOOM = 12;
const STEP = 1.25;
const DRAG_BEGINS_PX = 4;
/** So many letters of a label would fill the width of the page. */
const LABELS_IN_A_ROW = 70;

/** How the stored page is moved after its turn, so that it begins at 0, 0 again. @type {Record<number, (sheet: Sheet) => string>} */
const TURNS = {
  0: () => '',
  90: (sheet) => `translate(${sheet.width} 0) rotate(90)`,
  180: (sheet) => `translate(${sheet.width} ${sheet.height}) rotate(180)`,
  270: (sheet) => `translate(0 ${sheet.height}) rotate(270)`,
};

/**
 * @example
 * const viewer = new Viewer((index) => list.mark(index), (index) => list.copy(index));
 * parent.append(viewer.bar, viewer.stage);
 * viewer.show(sheet, boxes);
 */
export class Viewer {
  /** @type {Sheet} */
  #sheet = { width: 0, height: 0, rotation: 0, url: '' };
  #zoom = 1;
  /** @type {SVGPolygonElement[]} */
  #polygons = [];
  #picture = svg('image', { preserveAspectRatio: 'none' });
  #boxes = svg('g');
  #shapes = svg('g', { class: 'shapes' });
  #highlight = svg('g', { class: 'shapes' });
  /** @type {Set<Layer>} */
  #hidden = new Set();
  #drawing = svg('svg', { role: 'img' }, this.#picture, this.#shapes, this.#boxes, this.#highlight);

  /** @param {(index: number | null) => void} pointed @param {(index: number) => void} chosen */
  constructor(pointed, chosen) {
    this.stage = make('div', { className: 'stage', tabIndex: 0, role: 'region', onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event) }, this.#drawing);
    this.stage.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    this.bar = make('span', { className: 'bar' });
    this.#boxes.addEventListener('pointerover', (event) => pointed(this.#indexOf(event)));
    this.#boxes.addEventListener('pointerleave', () => pointed(null));
    this.#boxes.addEventListener('click', (event) => {
      const index = this.#indexOf(event);
      if (index !== null && !this.#dragged) chosen(index);
    });
    this.#letDrag();
    new ResizeObserver(() => this.#layOut()).observe(this.stage);
    this.words();
  }

  /** Write the texts in the language of now. */
  words() {
    this.stage.setAttribute('aria-label', t('pagePicture'));
    this.#drawing.setAttribute('aria-label', t('pagePicture'));
    const button = (/** @type {string} */ text, /** @type {string} */ label, /** @type {() => void} */ onclick) =>
      make('button', { type: 'button', title: label, 'aria-label': label, onclick }, text);
    fill(this.bar,
      button('−', t('zoomOut'), () => this.zoom(this.#zoom / STEP)),
      button('+', t('zoomIn'), () => this.zoom(this.#zoom * STEP)),
      make('button', { type: 'button', onclick: () => this.zoom(1) }, t('zoomFit')));
  }

  /** @param {Sheet} sheet @param {Box[]} boxes @param {Shape[]} shapes What the page is made of. */
  show(sheet, boxes, shapes) {
    const other = sheet.width !== this.#sheet.width || sheet.height !== this.#sheet.height;
    this.#sheet = sheet;
    if (other) this.#zoom = 1;
    this.#drawing.setAttribute('viewBox', `0 0 ${sheet.width || 1} ${sheet.height || 1}`);
    const sideways = sheet.rotation % 180 !== 0;
    this.#picture.setAttribute('width', String(sideways ? sheet.height : sheet.width));
    this.#picture.setAttribute('height', String(sideways ? sheet.width : sheet.height));
    this.#picture.setAttribute('transform', TURNS[sheet.rotation]?.(sheet) ?? '');
    if (sheet.url) {
      if (this.#picture.getAttribute('href') !== sheet.url) this.#picture.setAttribute('href', sheet.url);
    } else {
      this.#picture.removeAttribute('href');
    }
    this.#polygons = boxes.map(({ polygon, label, kind }, index) =>
      svg('polygon', { points: pointsOf(polygon), class: `box ${kind}`, 'data-index': index }, svg('title', {}, label)));
    fill(this.#boxes, ...this.#polygons);
    fill(this.#shapes, ...[...new Set(shapes.map(({ layer }) => layer))].map((layer) => svg('g', { 'data-layer': layer },
      ...shapes.filter((shape) => shape.layer === layer).flatMap((shape) => this.#shape(shape)))));
    fill(this.#highlight);
    this.hide(this.#hidden);
    this.#layOut();
  }

  /** @param {Shape} shape Its label stands above its first corner. */
  #shape({ layer, polygon, label }) {
    const [x = 0, y = 0] = polygon[0] ?? [];
    const size = this.#sheet.width / LABELS_IN_A_ROW;
    return [
      svg('polygon', { points: pointsOf(polygon), class: `shape ${layer}` }),
      ...(label ? [svg('text', { x, y: Math.max(size, y - size / 4), 'font-size': size, class: `shape ${layer}` }, label)] : []),
    ];
  }

  /** Draw only the layers that are not hidden. @param {Set<Layer>} hidden */
  hide(hidden) {
    this.#hidden = hidden;
    this.#boxes.toggleAttribute('hidden', hidden.has('lines'));
    for (const group of this.#shapes.children) {
      group.toggleAttribute('hidden', hidden.has(/** @type {Layer} */ (group.getAttribute('data-layer'))));
    }
  }

  /** Draw places strongly, and bring the first into view. @param {number[][][]} polygons */
  highlight(polygons) {
    const drawn = polygons.map((polygon) => svg('polygon', { points: pointsOf(polygon), class: 'shape marked' }));
    fill(this.#highlight, ...drawn);
    if (drawn[0]) this.#reveal(drawn[0]);
  }

  /** Mark the box of a line, and bring it into view. @param {number | null} index @param {boolean} [reveal] */
  mark(index, reveal = false) {
    this.#polygons.forEach((polygon, at) => polygon.classList.toggle('marked', at === index));
    const marked = index === null ? undefined : this.#polygons[index];
    if (marked && reveal) this.#reveal(marked);
  }

  /** @param {number} zoom 1: the page fits. */
  zoom(zoom) {
    const { stage } = this;
    const before = this.#zoom;
    this.#zoom = Math.min(LARGEST_ZOOM, Math.max(1, zoom));
    const factor = this.#zoom / before;
    const [x, y] = [stage.scrollLeft + stage.clientWidth / 2, stage.scrollTop + stage.clientHeight / 2];
    this.#layOut();
    stage.scrollLeft = x * factor - stage.clientWidth / 2;
    stage.scrollTop = y * factor - stage.clientHeight / 2;
  }

  #layOut() {
    const { width, height } = this.#sheet;
    this.#drawing.style.display = width ? 'block' : 'none';
    if (!width || !this.stage.clientWidth) return;
    this.stage.style.setProperty('--needed', `${(this.stage.clientWidth * height) / width + 4}px`);
    const fit = Math.min((this.stage.clientWidth - 2) / width, (this.stage.clientHeight - 2) / height);
    this.#drawing.style.width = `${width * fit * this.#zoom}px`;
    this.#drawing.style.height = `${height * fit * this.#zoom}px`;
  }

  /** @param {SVGPolygonElement} polygon */
  #reveal(polygon) {
    const [box, stage] = [polygon.getBoundingClientRect(), this.stage.getBoundingClientRect()];
    if (box.top < stage.top || box.bottom > stage.bottom) this.stage.scrollTop += (box.top + box.bottom - stage.top - stage.bottom) / 2;
    if (box.left < stage.left || box.right > stage.right) this.stage.scrollLeft += Math.min(box.left - stage.left - 8, (box.left + box.right - stage.left - stage.right) / 2);
  }

  /** @param {Event} event */
  #indexOf(event) {
    const index = event.target instanceof Element ? event.target.getAttribute('data-index') : null;
    return index === null ? null : Number(index);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const zoom = { '+': this.#zoom * STEP, '=': this.#zoom * STEP, '-': this.#zoom / STEP, 0: 1 }[event.key];
    if (zoom === undefined) return;
    event.preventDefault();
    this.zoom(zoom);
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    if (!event.ctrlKey) return;
    event.preventDefault();
    this.zoom(this.#zoom * (event.deltaY < 0 ? STEP : 1 / STEP));
  }

  #dragged = false;

  #letDrag() {
    const { stage } = this;
    stage.addEventListener('pointerdown', (down) => {
      this.#dragged = false;
      if (down.button !== 0 || down.pointerType !== 'mouse') return;
      const from = { x: down.clientX, y: down.clientY, left: stage.scrollLeft, top: stage.scrollTop };
      const move = (/** @type {PointerEvent} */ event) => {
        const [x, y] = [event.clientX - from.x, event.clientY - from.y];
        this.#dragged ||= Math.hypot(x, y) > DRAG_BEGINS_PX;
        if (!this.#dragged) return;
        stage.scrollLeft = from.left - x;
        stage.scrollTop = from.top - y;
      };
      window.addEventListener('pointermove', move);
      window.addEventListener('pointerup', () => window.removeEventListener('pointermove', move), { once: true });
    });
  }
}

/** @param {number[][]} polygon As SVG writes it. */
const pointsOf = (polygon) => polygon.map((point) => point.join(',')).join(' ');

/** What a page is made of, beside its picture: tables, fields, marks, codes and regions, and which of them are drawn. */

import { announce, copy, fill, make } from '../browser/dom.js';
import { percent } from './lines.js';
import { csv } from '../service/structure.js';
import { t } from '../texts/texts.js';

/**
 * @typedef {import('../service/structure.js').Structure} Structure
 * @typedef {import('../service/structure.js').Placed} Placed
 * @typedef {import('../service/reading.js').Page} Page
 * @typedef {'lines' | 'regions' | 'tables' | 'fields' | 'marks' | 'codes'} Layer
 * @typedef {{layer: Layer, polygon: number[][], label: string}} Shape
 */

const LAYERS = /** @type {Exclude<Layer, 'lines'>[]} */ (['regions', 'tables', 'fields', 'marks', 'codes']);

/**
 * @example
 * const panel = new StructurePanel((polygons) => viewer.highlight(polygons), (hidden) => viewer.hide(hidden));
 * parent.append(panel.element);
 * panel.show(page, false);
 */
export class StructurePanel {
  /** @type {Set<Layer>} */
  #hidden = new Set();
  /** @type {Page | undefined} */
  #page;
  #safe = false;

  /** @param {(polygons: number[][][]) => void} pointed @param {(hidden: Set<Layer>) => void} hide */
  constructor(pointed, hide) {
    this.pointed = pointed;
    this.hide = hide;
    this.element = make('div', { className: 'structure' });
  }

  /** @param {Page | undefined} page @param {boolean} safe Whether cells that are copied must not be formulas. */
  show(page, safe) {
    this.#page = page;
    this.#safe = safe;
    this.words();
  }

  /** Write the texts in the language of now. */
  words() {
    const structure = this.#page?.structure;
    fill(this.element, ...(structure ? [
      this.#layers(structure),
      ...this.#tables(structure),
      ...this.#list('fields', (structure.fields ?? []).map((field) => this.#field(field))),
      ...this.#list('marks', (structure.marks ?? []).map((mark) => this.#mark(mark))),
      ...this.#list('codes', (structure.codes ?? []).map(({ type, text, polygon }) => this.#row([polygon], [text], type))),
      ...this.#list('regions', (structure.regions ?? []).map((region) => this.#region(region))),
    ] : []));
  }

  /** @param {Structure} structure */
  #layers(structure) {
    const there = /** @type {Layer[]} */ (['lines', ...LAYERS.filter((layer) => structure[layer]?.length)]);
    return make('fieldset', { className: 'layers' }, make('legend', {}, t('layers')), ...there.map((layer) => {
      const box = make('input', { type: 'checkbox', name: `layer-${layer}`, checked: !this.#hidden.has(layer), onchange: () => {
        if (box.checked) this.#hidden.delete(layer);
        else this.#hidden.add(layer);
        this.hide(this.#hidden);
      } });
      return make('label', { className: `check layer-${layer}` }, box, make('span', {}, t(`layer_${layer}`)));
    }));
  }

  /** @param {Structure} structure */
  #tables(structure) {
    if (!structure.tables) return [];
    return [
      make('h2', {}, t('layer_tables')),
      ...(structure.tables.length ? [] : [make('p', { className: 'faint' }, t('noneFound'))]),
      ...structure.tables.flatMap((table, index) => [
        make('p', { className: 'bar' },
          make('span', {}, t('tableOf', { number: index + 1, rows: table.rows, columns: table.columns }), table.continues ? ` ${t('tableContinues')}` : ''),
          make('button', { type: 'button', className: 'copy-csv', onclick: () => this.#copy(table) }, t('copyCsv'))),
        make('div', { className: 'table', tabIndex: 0, role: 'region', 'aria-label': t('tableNumber', { number: index + 1 }) }, this.#table(table)),
      ]),
    ];
  }

  /** @param {import('../service/structure.js').Table} table */
  #table(table) {
    const rows = Array.from({ length: table.rows }, () => make('tr'));
    for (const cell of table.cells) {
      rows[cell.row]?.append(make(cell.is_header ? 'th' : 'td', {
        rowSpan: cell.row_span, colSpan: cell.column_span, dir: 'auto', onclick: () => this.pointed([cell.polygon]),
      }, cell.text));
    }
    return make('table', { className: 'cells' }, make('tbody', {}, ...rows));
  }

  /** @param {import('../service/structure.js').Table} table */
  async #copy(table) {
    await copy(csv(table, this.#safe));
    announce(t('csvCopied'));
  }

  /** @param {Exclude<Layer, 'lines' | 'tables'>} layer @param {HTMLElement[]} rows */
  #list(layer, rows) {
    if (!this.#page?.structure?.[layer]) return [];
    return [
      make('h2', {}, t(`layer_${layer}`)),
      rows.length ? make('ul', { className: `rows found-${layer}` }, ...rows.map((row) => make('li', {}, row))) : make('p', { className: 'faint' }, t('noneFound')),
    ];
  }

  /** @param {import('../service/structure.js').Field} field */
  #field({ name, label, value, type, normalized, confidence }) {
    const texts = [make('strong', {}, label?.text ?? name ?? '—'), ' ', value?.text ?? '—'];
    const more = [type, normalized && normalized !== value?.text ? `= ${normalized}` : '', percent(confidence)].filter(Boolean);
    return this.#row(placesOf(label, value), texts, more.join(' '));
  }

  /** @param {import('../service/structure.js').Mark} mark */
  #mark({ kind, is_set: isSet, name, label, polygon, confidence }) {
    const state = kind === 'signature' ? t(isSet ? 'signed' : 'notSigned') : isSet ? '☒' : '☐';
    return this.#row([polygon, ...placesOf(label)], [state, ' ', label?.text ?? name ?? ''], `${t(/** @type {'mark_radio'} */ (`mark_${kind}`))} ${percent(confidence)}`);
  }

  /** @param {import('../service/structure.js').Region} region */
  #region({ kind, polygon, confidence, lines }) {
    const first = this.#page?.lines[lines[0] ?? -1]?.text ?? '';
    return this.#row([polygon], [make('strong', {}, regionName(kind)), ' ', first], percent(confidence));
  }

  /** A row that shows its places on the picture. @param {number[][][]} polygons @param {import('../browser/dom.js').Child[]} texts @param {string} more */
  #row(polygons, texts, more) {
    const point = () => this.pointed(polygons);
    return make('button', { type: 'button', onclick: point, onfocus: point },
      make('span', { className: 'text', dir: 'auto' }, ...texts),
      make('span', { className: 'confidence' }, more));
  }
}

/** What is drawn over the picture. @param {Structure | undefined} structure @returns {Shape[]} */
export function shapesOf(structure) {
  const { regions = [], tables = [], fields = [], marks = [], codes = [] } = structure ?? {};
  return [
    ...regions.map(({ kind, polygon }) => ({ layer: /** @type {const} */ ('regions'), polygon, label: regionName(kind) })),
    ...tables.flatMap((table) => [table, ...table.cells].map(({ polygon }) => ({ layer: /** @type {const} */ ('tables'), polygon, label: '' }))),
    ...fields.flatMap(({ label, value }) => placesOf(label, value).map((polygon) => ({ layer: /** @type {const} */ ('fields'), polygon, label: '' }))),
    ...marks.map(({ polygon }) => ({ layer: /** @type {const} */ ('marks'), polygon, label: '' })),
    ...codes.map(({ type, polygon }) => ({ layer: /** @type {const} */ ('codes'), polygon, label: type })),
  ];
}

/** @param {...(Placed | null)} placed */
function placesOf(...placed) {
  return placed.flatMap((one) => (one ? [one.polygon] : []));
}

/** @param {string} kind */
function regionName(kind) {
  return t(/** @type {'region_text'} */ (`region_${kind}`));
}

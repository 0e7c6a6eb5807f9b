/** The sliders: the least confidence filters here; the detector's thresholds ask the service for the boxes again. */

import { fill, make } from '../browser/dom.js';
import { post, sendable } from '../service/source.js';
import { errorNotice } from './notices.js';
import { t } from '../texts/texts.js';

/**
 * @typedef {{width: number, height: number, rotation: number, lines: {confidence: number, polygon: number[][]}[]}} Found
 * @typedef {'threshold' | 'box_threshold' | 'unclip_ratio'} Name
 */

const SETTLED_MS = 350;
/** @type {Record<Name, {text: 'threshold' | 'boxThreshold' | 'unclipRatio', min: number, max: number, step: number, start: number}>} */
const SLIDERS = {
  threshold: { text: 'threshold', min: 0.05, max: 0.95, step: 0.05, start: 0.3 },
  box_threshold: { text: 'boxThreshold', min: 0, max: 1, step: 0.05, start: 0.5 },
  unclip_ratio: { text: 'unclipRatio', min: 0.1, max: 5, step: 0.1, start: 1.6 },
};
const NAMES = /** @type {Name[]} */ (Object.keys(SLIDERS));

/**
 * @example
 * const thresholds = new Thresholds({ filtered: draw, found: drawBoxes });
 * parent.append(thresholds.element);
 * thresholds.attend(source, 3, options);
 */
export class Thresholds {
  least = 0;
  thorough = false;
  /** Those that were moved: the service has its own values for the others. @type {Partial<Record<Name, number>>} */
  values = {};
  /** @type {import('../service/source.js').Source | null} */
  #source = null;
  #page = 1;
  /** @type {Record<string, string>} */
  #options = {};
  #timer = 0;
  #abort = new AbortController();
  #notice = make('div');
  #back = make('p', { hidden: true });

  /** @param {{filtered: () => void, found: (found: Found | null) => void}} listeners */
  constructor(listeners) {
    this.listeners = listeners;
    this.element = make('details', { className: 'panel thresholds' });
    this.words();
  }

  /** Attend to a page of a document; boxes of another are dropped. @param {import('../service/source.js').Source | null} source @param {number} page @param {Record<string, string>} options */
  attend(source, page, options) {
    if (source === this.#source && page === this.#page) return;
    this.#source = source;
    this.#page = page;
    this.#options = options;
    this.#drop();
    this.element.querySelectorAll('.detector').forEach((part) => {
      /** @type {HTMLFieldSetElement} */ (part).disabled = !source || !sendable(source);
    });
  }

  /** Write the texts in the language of now. */
  words() {
    const least = this.#slider('leastConfidence', 0, 1, 0.01, this.least, (value) => {
      this.least = value;
      this.listeners.filtered();
    });
    const detector = NAMES.map((name) => {
      const { text, min, max, step, start } = SLIDERS[name];
      return this.#slider(text, min, max, step, this.values[name] ?? start, (value) => {
        this.values[name] = value;
        this.#askSoon();
      }, name);
    });
    const thorough = make('input', { type: 'checkbox', checked: this.thorough, onchange: () => {
      this.thorough = thorough.checked;
      this.#askSoon();
    } });
    const fieldset = make('fieldset', { className: 'detector', disabled: !this.#source || !sendable(this.#source) },
      make('legend', {}, t('detector')),
      make('p', { className: 'faint' }, t('detectorHelp')),
      make('div', { className: 'sliders' }, ...detector, make('label', { className: 'check' }, thorough, t('thorough'))));
    fill(this.element, make('summary', {}, t('sliders')), make('div', { className: 'sliders' }, least), fieldset, this.#back, this.#notice);
  }

  /**
   * @param {'leastConfidence' | 'threshold' | 'boxThreshold' | 'unclipRatio'} text
   * @param {number} min @param {number} max @param {number} step @param {number} value
   * @param {(value: number) => void} changed @param {string} [name]
   */
  #slider(text, min, max, step, value, changed, name = 'least') {
    const output = make('output', {}, String(value));
    const input = make('input', { type: 'range', name, min, max, step, oninput: () => {
      output.textContent = input.value;
      changed(Number(input.value));
    } });
    input.value = String(value);
    return make('label', {}, make('span', {}, t(text), output), input);
  }

  #askSoon() {
    window.clearTimeout(this.#timer);
    this.#abort.abort();
    this.#timer = window.setTimeout(() => this.#ask(), SETTLED_MS);
  }

  async #ask() {
    const source = this.#source && sendable(this.#source);
    if (!source) return;
    const abort = this.#abort = new AbortController();
    const { dpi, orientation, model } = this.#options;
    const parameters = { page: this.#page, dpi, orientation, model, ...this.values, thorough: this.thorough };
    this.#tell(t('searching'));
    fill(this.#notice);
    try {
      const answer = await post('v1/detect', source, parameters, { signal: abort.signal, onWait: () => undefined });
      const found = /** @type {Found} */ ((await answer.json()).pages[0]);
      this.#tell(t('boxesFound', { count: found.lines.length }), true);
      this.listeners.found(found);
    } catch (error) {
      if (abort.signal.aborted) return;
      this.#tell('');
      fill(this.#notice, errorNotice(error, () => this.#ask()));
    }
  }

  /** @param {string} text @param {boolean} [back] Whether to offer the way back to the text. */
  #tell(text, back = false) {
    this.#back.hidden = !text;
    fill(this.#back, make('span', { className: 'found' }, text), ' ',
      back && make('button', { type: 'button', onclick: () => this.#drop() }, t('backToText')));
  }

  #drop() {
    window.clearTimeout(this.#timer);
    this.#abort.abort();
    this.#tell('');
    fill(this.#notice);
    this.listeners.found(null);
  }
}

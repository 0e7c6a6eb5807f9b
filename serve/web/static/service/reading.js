/** The reading of one document: its pages as they come, resumed if the connection breaks. Nothing here draws. */

import { Problem, Unreachable, problemFrom, textLines } from './api.js';
import { post, sendable } from './source.js';

/**
 * @typedef {number[][]} Polygon
 * @typedef {{text: string, confidence: number, polygon: Polygon}} Word
 * @typedef {{text: string, confidence: number, polygon: Polygon, source?: string, words?: Word[]}} Line
 * @typedef {{code: string, message: string, page?: number | null}} Warning
 * @typedef {import('./structure.js').Structure} Structure
 * @typedef {{page: number, width: number, height: number, rotation: number, dpi?: number, source?: string, lines: Line[], text: string, structure?: Structure}} Page
 * @typedef {{id: string, model: string, pages: Page[], text: string, warnings: Warning[], timings_ms: Record<string, number>}} Result
 * @typedef {'idle' | 'sending' | 'reading' | 'done' | 'failed' | 'stopped'} State
 */

/**
 * Emits `change` when anything below has changed.
 * @example
 * const reading = new Reading(source, { pages: '1-3' });
 * reading.addEventListener('change', draw);
 * await reading.start();
 */
export class Reading extends EventTarget {
  /** @type {State} */
  state = 'idle';
  /** @type {Map<number, Page>} */
  pages = new Map();
  /** @type {Map<number, {code: string, message: string}>} */
  failed = new Map();
  /** @type {Warning[]} */
  warnings = [];
  pageCount = 0;
  id = '';
  model = '';
  /** @type {Record<string, number>} */
  timings = {};
  /** @type {unknown} */
  error = null;
  /** Seconds that a full service lets us wait, and which attempt comes next. */
  wait = { seconds: 0, attempt: 0 };
  #abort = new AbortController();

  /** @param {import('./source.js').Source} source @param {Record<string, string>} options Those of the API. */
  constructor(source, options) {
    super();
    this.source = source;
    this.options = options;
  }

  /**
   * A document that was read before.
   * @param {import('./source.js').Source} source @param {Result} result @param {Record<string, string>} [options]
   */
  static of(source, result, options = {}) {
    const reading = new Reading(source, options);
    for (const page of result.pages) reading.pages.set(page.page, page);
    for (const warning of result.warnings) {
      if (warning.code === 'page_failed' && warning.page) reading.failed.set(warning.page, warning);
    }
    reading.warnings = result.warnings;
    reading.pageCount = Math.max(0, ...reading.numbers());
    reading.id = result.id;
    reading.model = result.model;
    reading.timings = result.timings_ms;
    reading.state = 'done';
    return reading;
  }

  /** Numbers of the pages that were read or failed, in order. */
  numbers() {
    return [...this.pages.keys(), ...this.failed.keys()].sort((a, b) => a - b);
  }

  /** Read, or go on after the last page that came. */
  async start() {
    this.#abort = new AbortController();
    this.error = null;
    for (;;) {
      this.#become('sending');
      const before = this.numbers().length;
      try {
        await this.#read();
        return this.#become('done');
      } catch (error) {
        if (this.#abort.signal.aborted) return this.#become('stopped');
        const resumable = error instanceof Unreachable || (error instanceof Problem && error.code === 'deadline');
        if (resumable && this.numbers().length > before) continue;
        this.error = error;
        return this.#become('failed');
      }
    }
  }

  /** Stop; the pages so far stay. */
  stop() {
    this.#abort.abort();
  }

  /** The result as `/v1/ocr` would have answered it. @returns {Result} */
  result() {
    const pages = [...this.pages.values()].sort((a, b) => a.page - b.page);
    const text = pages.map((page) => page.text).join('\f');
    return { id: this.id, model: this.model, pages, text, warnings: this.warnings, timings_ms: this.timings };
  }

  async #read() {
    const source = sendable(this.source);
    if (!source) throw new Error('this document is not here any more');
    const last = this.numbers().pop() ?? 0;
    const pages = last ? pagesAfter(this.options['pages'] ?? '', last) : this.options['pages'];
    if (pages === null) return;
    const signal = this.#abort.signal;
    const answer = await post('v1/ocr', source, { ...this.options, pages, stream: true }, {
      signal,
      onWait: (seconds, attempt) => {
        this.wait = { seconds, attempt };
        this.#tell();
      },
    });
    this.#become('reading');
    for await (const line of textLines(answer, signal)) {
      if (line && this.#take(JSON.parse(line))) return;
    }
    throw new Unreachable('no end');
  }

  /** @param {any} line One line of the answer. @returns {boolean} Whether it was the last one. */
  #take(line) {
    if (line.error) throw problemFrom(line.error);
    if (line.page) {
      this.pages.set(line.page.page, line.page);
      this.warnings.push(...(line.warnings ?? line.page.warnings ?? []));
      for (const [stage, time] of Object.entries(line.timings_ms ?? {})) this.timings[stage] = (this.timings[stage] ?? 0) + Number(time);
    } else if (line.page_error) {
      this.failed.set(line.page_error.page, line.page_error);
      const { page, message } = line.page_error;
      this.warnings.push({ code: 'page_failed', message, page });
    } else if (line.end) {
      this.id = line.end.id;
      this.model = line.end.model;
    }
    this.pageCount = line.page_count ?? line.end?.page_count ?? this.pageCount;
    this.#tell();
    return Boolean(line.end);
  }

  /** @param {State} state */
  #become(state) {
    this.state = state;
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event('change'));
  }
}

/**
 * The pages of a choice that come after one, so that a reading can go on.
 * @param {string} choice As the option `pages`: `1-3,7,10-`; '' for all.
 * @param {number} last
 * @returns {string | null} null if there are none.
 */
export function pagesAfter(choice, last) {
  if (!choice.trim()) return `${last + 1}-`;
  const parts = choice.split(',').flatMap((part) => {
    const [from, to] = part.includes('-') ? part.split('-') : [part, part];
    const begin = Math.max(Number(from || 1), last + 1);
    if (!to?.trim()) return [`${begin}-`];
    return begin > Number(to) ? [] : [`${begin}-${Number(to)}`];
  });
  return parts.length ? parts.join(',') : null;
}

/** Take a result away: files of every format, the text, the picture with boxes, and the same request for curl. */

import { info, urlOf } from '../service/api.js';
import { announce, copy, fill, make, save } from '../browser/dom.js';
import { errorNotice } from './notices.js';
import { post, query, sendable, stem } from '../service/source.js';
import { t } from '../texts/texts.js';

/** @typedef {import('../service/reading.js').Reading} Reading */

const NAMES = /** @type {Record<string, string>} */ ({ hocr: 'hOCR', alto: 'ALTO', page: 'PAGE XML', markdown: 'Markdown', html: 'HTML', tsv: 'TSV', csv: 'CSV', json: 'JSON' });

/** The panel below a document. */
export class TakeAway {
  /** @type {Reading | null} */
  #reading = null;
  #page = 1;
  /** @type {boolean | undefined} */
  #empty;
  #notice = make('div');

  /** @param {() => string} textOfAll The texts of the lines that are shown. */
  constructor(textOfAll) {
    this.textOfAll = textOfAll;
    this.element = make('section', { className: 'panel take-away' });
  }

  /** @param {Reading | null} reading @param {number} page Of which the picture with boxes is made. */
  show(reading, page) {
    const same = reading === this.#reading && page === this.#page;
    const empty = reading?.pages.size === 0;
    if (same && empty === this.#empty) return;
    this.#reading = reading;
    this.#page = page;
    this.#empty = empty;
    if (!same) fill(this.#notice);
    this.words();
  }

  /** Write the texts in the language of now. */
  words() {
    const reading = this.#reading;
    this.element.hidden = !reading;
    if (!reading) return;
    const here = Boolean(sendable(reading.source));
    const none = reading.pages.size === 0;
    const formats = (info()?.formats ?? ['json']).map((format) => make('button', {
      type: 'button',
      'data-format': format,
      disabled: none || (format !== 'json' && !here) || (format === 'csv' && !asksForTables(reading)),
      onclick: () => this.#download(reading, format),
    }, nameOfFormat(format)));
    const command = curl(reading);
    fill(this.element,
      make('h2', {}, t('takeAway')),
      make('div', { className: 'buttons' },
        make('button', { type: 'button', className: 'primary copy-all', disabled: none, onclick: () => this.#copyAll() }, t('copyAll')),
        ...formats,
        make('button', { type: 'button', 'data-format': 'boxes', disabled: none || !here, onclick: () => this.#picture(reading) }, t('formatBoxes'))),
      !here && make('p', { className: 'faint' }, t('notHere')),
      this.#notice,
      command && make('details', {},
        make('summary', {}, t('asCurl')),
        make('pre', { className: 'command' }, command),
        make('button', { type: 'button', onclick: async () => {
          await copy(command);
          announce(t('commandCopied'));
        } }, t('copyCommand'))));
  }

  async #copyAll() {
    await copy(this.textOfAll());
    announce(t('textCopied'));
  }

  /** @param {Reading} reading @param {string} format */
  async #download(reading, format) {
    const name = stem(reading.source.name);
    if (format === 'json') {
      save(new Blob([JSON.stringify(reading.result())], { type: 'application/json' }), `${name}.json`);
      return;
    }
    await this.#fetch(reading, { ...reading.options, format }, name);
  }

  /** @param {Reading} reading */
  async #picture(reading) {
    const { dpi, orientation, model } = reading.options;
    await this.#fetch(reading, { dpi, orientation, model, pages: String(this.#page), visualize: true }, `${stem(reading.source.name)}-${this.#page}.png`);
  }

  /** @param {Reading} reading @param {import('../service/source.js').Query} parameters @param {string} name If the service gives none. */
  async #fetch(reading, parameters, name) {
    const source = sendable(reading.source);
    if (!source) return;
    fill(this.#notice, make('p', { role: 'status' }, t('making')));
    try {
      const answer = await post('v1/ocr', source, parameters, {
        onWait: (seconds, attempt) => fill(this.#notice, make('p', { role: 'status' }, seconds ? t('fullWait', { seconds, attempt }) : t('making'))),
      });
      save(await answer.blob(), nameIn(answer.headers.get('Content-Disposition')) ?? name);
      fill(this.#notice);
    } catch (error) {
      fill(this.#notice, errorNotice(error, () => this.#fetch(reading, parameters, name)));
    }
  }
}

/** Whether a reading asks for tables, which is all that a CSV holds. @param {Reading} reading */
function asksForTables(reading) {
  return String(reading.options['structure'] ?? '').split(',').some((part) => ['tables', 'all'].includes(part.trim()));
}

/** @param {string} format */
function nameOfFormat(format) {
  if (format === 'text') return t('formatText');
  if (format === 'pdf') return t('formatPdf');
  if (format === 'archive') return t('formatArchive');
  return NAMES[format] ?? format;
}

/** The file name of a header Content-Disposition (RFC 6266). @param {string | null} header */
function nameIn(header) {
  const encoded = header?.match(/filename\*=utf-8''([^;]+)/i)?.[1];
  if (encoded) return decodeURIComponent(encoded);
  return header?.match(/filename="?([^";]+)/i)?.[1] ?? null;
}

/** The same request for a shell; '' if no request would give the same. @param {Reading} reading */
export function curl(reading) {
  const source = sendable(reading.source);
  if (!source) return '';
  const words = ['curl'];
  if (info()?.api_key_needed) words.push('-H "X-API-Key: $RAYOCR_API_KEY"');
  if (source.password) words.push('-H "X-Document-Password: $PASSWORD"');
  if (source.kind === 'file') words.push(`-F ${quoted(`file=@"${source.name.replace(/["\\]/g, '\\$&')}"`)}`);
  else words.push(`-H 'Content-Type: application/json' -d ${quoted(JSON.stringify({ source: source.place }))}`);
  words.push(quoted(urlOf(`v1/ocr${query(reading.options)}`)));
  return words.join(' ');
}

/** @param {string} text One word of a POSIX shell. */
function quoted(text) {
  return `'${text.replace(/'/g, "'\\''")}'`;
}

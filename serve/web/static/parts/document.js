/** One document on the page: its picture with boxes, its text, its pages, sliders, warnings, and the ways to take it away. */

import { fill, make, soon } from '../browser/dom.js';
import { TakeAway } from './export.js';
import { LineList } from './lines.js';
import { sentence, warningNotices } from './notices.js';
import { LARGE_PX, Pictures } from '../service/pictures.js';
import { Strip } from './strip.js';
import { StructurePanel, shapesOf } from './structure.js';
import { t } from '../texts/texts.js';
import { Thresholds } from './thresholds.js';
import { Viewer } from './viewer.js';

/** @typedef {import('../service/reading.js').Reading} Reading */

/** Boxes of lines below it are drawn as doubtful. */
const DOUBTFUL = 0.8;

/** Shows a `Reading`, and follows it while it reads. */
export class DocumentView {
  /** @type {Reading | null} */
  reading = null;
  page = 1;
  /** @type {Pictures | null} */
  #pictures = null;
  /** The picture of the file itself, until the service gives a better one. @type {import('../service/pictures.js').Picture | null} */
  #own = null;
  /** @type {{page: number, picture: import('../service/pictures.js').Picture} | null} */
  #large = null;
  #asked = 0;
  #pictureError = '';
  /** @type {import('./thresholds.js').Found | null} */
  #found = null;
  /** What is drawn: when nothing of it has changed, nothing is drawn again. @type {unknown[]} */
  #drawn = [];
  #drawnPage = 0;
  /** What stands beside the picture of a page with a structure. @type {'textOfPage' | 'structure'} */
  #tab = 'textOfPage';
  #draw = soon(() => this.#drawNow());

  /** @param {(page: number) => void} turned Is told the page that the person turned to. */
  constructor(turned) {
    this.turned = turned;
    this.viewer = new Viewer((index) => this.#mark(index, 'viewer'), (index) => this.list.copy(index));
    this.list = new LineList((index) => this.#mark(index, 'list'));
    this.structure = new StructurePanel((polygons) => this.viewer.highlight(polygons), (hidden) => this.viewer.hide(hidden));
    this.strip = new Strip((page) => this.turnTo(page));
    this.thresholds = new Thresholds({
      filtered: () => this.#draw(),
      found: (found) => {
        this.#found = found;
        this.#draw();
      },
    });
    this.takeAway = new TakeAway(() => this.#textOfAll());
    this.bar = make('div', { className: 'bar page-bar' });
    this.pictureNotice = make('div');
    this.warnings = make('div', { className: 'warnings' });
    this.documentWarnings = make('div', { className: 'document-warnings' });
    this.heading = make('h2');
    this.tabs = make('div', { className: 'buttons tabs' });
    this.element = make('div', { hidden: true },
      this.documentWarnings,
      this.strip.element,
      make('div', { className: 'document' },
        make('section', { className: 'panel' }, this.bar, this.pictureNotice, this.viewer.stage),
        make('section', { className: 'panel' }, this.tabs, this.heading, this.warnings, this.list.element, this.structure.element)),
      this.thresholds.element,
      this.takeAway.element);
  }

  /** @param {Reading} reading @param {number} page Where to begin. */
  show(reading, page) {
    this.reading?.removeEventListener('change', this.#draw);
    this.#pictures?.close();
    this.reading = reading;
    this.page = page;
    this.#pictures = new Pictures(reading.source, reading.options);
    this.#own = this.#large = this.#found = null;
    this.#asked = 0;
    this.#pictureError = '';
    this.#drawn = [];
    this.element.hidden = false;
    reading.addEventListener('change', this.#draw);
    this.#showFirstPicture(this.#pictures);
    this.#drawNow();
  }

  /** @param {number} page */
  turnTo(page) {
    if (page === this.page || !this.reading) return;
    this.page = page;
    this.#found = null;
    this.#drawNow();
    this.turned(page);
  }

  /** Write the texts in the language of now. */
  words() {
    this.viewer.words();
    this.thresholds.words();
    this.takeAway.words();
    this.#drawn = [];
    if (this.reading) this.#drawNow();
  }

  /** The picture at once: that of the file if the browser can show it, else from the service. @param {Pictures} pictures */
  async #showFirstPicture(pictures) {
    const own = await pictures.own();
    if (pictures !== this.#pictures) return;
    this.#own = own;
    if (!own) this.#askForPicture();
    this.#draw();
  }

  /** @returns {import('../service/pictures.js').Picture | null} The best picture of this page that is here. */
  #picture() {
    if (this.#large?.page === this.page) return this.#large.picture;
    return this.page === 1 ? this.#own : null;
  }

  /** Whether the file's own picture shows the page as it was read. */
  #ownIsRight() {
    const read = this.reading?.pages.get(this.page);
    if (!this.#own || this.page !== 1 || (this.reading?.pageCount ?? 0) > 1) return false;
    if (!read) return true;
    const [width, height] = read.rotation % 180 ? [read.height, read.width] : [read.width, read.height];
    return this.#own.width === width && this.#own.height === height;
  }

  async #askForPicture() {
    const { page } = this;
    const pictures = this.#pictures;
    if (!pictures || this.#asked === page) return;
    this.#asked = page;
    this.#pictureError = '';
    try {
      const picture = await pictures.page(page, LARGE_PX);
      if (pictures !== this.#pictures || page !== this.page) return;
      this.#large = { page, picture };
      if (this.reading && picture.pageCount > this.reading.pageCount) this.reading.pageCount = picture.pageCount;
    } catch (error) {
      if (pictures !== this.#pictures || page !== this.page) return;
      this.#pictureError = sentence(error);
      this.#asked = 0;
      this.#drawPictureNotice();
      return;
    }
    this.#draw();
  }

  #drawPictureNotice() {
    // While the document itself is refused, its error says it.
    const quiet = !this.#pictureError || this.reading?.state === 'failed';
    fill(this.pictureNotice, !quiet && make('p', { className: 'notice warning picture-missing' }, t('noPicture'), ' ', this.#pictureError));
  }

  #drawNow() {
    const { reading } = this;
    if (!reading) return;
    this.#drawStrip(reading);
    const { page } = this;
    if (this.#drawnPage !== page) this.#pictureError = '';
    this.#drawnPage = page;
    const read = reading.pages.get(page);
    const failure = reading.failed.get(page);
    this.thresholds.attend(reading.source, page, reading.options);
    this.takeAway.show(reading, page);
    const broken = reading.state === 'failed';
    if (!this.#ownIsRight() && this.#large?.page !== page && !this.#pictureError && (this.#own || page > 1 || read)) this.#askForPicture();
    const picture = this.#picture();
    const now = [read, failure, picture, this.#found, this.thresholds.least, page, reading.warnings.length, broken, reading.state === 'done'];
    if (now.every((value, index) => value === this.#drawn[index]) && this.#drawn.length) return;
    this.#drawn = now;
    this.#drawSheet(read, picture);
    this.#drawPictureNotice();
    this.#drawText(reading, read, failure);
  }

  /** @param {Reading} reading */
  #drawStrip(reading) {
    const chosen = reading.options['pages'];
    const numbers = !chosen && reading.pageCount ? Array.from({ length: reading.pageCount }, (_, index) => index + 1) : reading.numbers();
    const tiles = numbers.map((page) => {
      const state = reading.pages.has(page) ? 'read' : reading.failed.has(page) ? 'failed' : 'waiting';
      return { page, state: /** @type {'read' | 'failed' | 'waiting'} */ (state) };
    });
    if (tiles.length && !tiles.some((tile) => tile.page === this.page) && reading.numbers().length) {
      this.page = tiles[0]?.page ?? 1;
      this.turned(this.page);
    }
    this.strip.show(tiles, this.page, this.#pictures);
    this.#drawBar(numbers);
  }

  /** @param {number[]} numbers */
  #drawBar(numbers) {
    const at = numbers.indexOf(this.page);
    const key = `${at}/${numbers.length}/${t('page')}`;
    if (this.bar.dataset['key'] === key) return;
    this.bar.dataset['key'] = key;
    const turn = (/** @type {number} */ by) => () => {
      const page = numbers[at + by];
      if (page) this.turnTo(page);
      /** @type {HTMLElement | undefined} */ ([...this.bar.querySelectorAll('button')][by < 0 ? 0 : 1])?.focus();
    };
    const number = make('input', {
      type: 'number',
      className: 'page-number',
      min: 1,
      max: numbers.at(-1) ?? 1,
      value: String(this.page),
      'aria-label': t('page'),
      onchange: () => {
        if (numbers.includes(Number(number.value))) this.turnTo(Number(number.value));
        else number.value = String(this.page);
      },
    });
    fill(this.bar,
      ...(numbers.length < 2 ? [] : [
        make('button', { type: 'button', 'aria-label': t('pageBefore'), disabled: at <= 0, onclick: turn(-1) }, '‹'),
        make('button', { type: 'button', 'aria-label': t('pageAfter'), disabled: at >= numbers.length - 1, onclick: turn(1) }, '›'),
        number, make('span', {}, t('ofPages', { count: numbers.at(-1) ?? 1 })),
      ]),
      this.viewer.bar);
  }

  /** @param {import('../service/reading.js').Page | undefined} read @param {import('../service/pictures.js').Picture | null} picture */
  #drawSheet(read, picture) {
    const upright = this.#found ?? read ?? { width: picture?.width ?? 0, height: picture?.height ?? 0, rotation: 0 };
    const sheet = { width: upright.width, height: upright.height, rotation: upright.rotation, url: picture?.url ?? '' };
    const boxes = this.#found
      ? this.#found.lines.map(({ polygon, confidence }) => ({ polygon, label: t('confidence', { share: confidence }), kind: /** @type {const} */ ('found') }))
      : this.#lines(read).map(({ polygon, confidence, text }) => ({ polygon, label: text, kind: confidence < DOUBTFUL ? /** @type {const} */ ('doubtful') : /** @type {const} */ ('') }));
    this.viewer.show(sheet, boxes, this.#found ? [] : shapesOf(read?.structure));
  }

  /** @param {Reading} reading @param {import('../service/reading.js').Page | undefined} read @param {{message: string, code: string} | undefined} failure */
  #drawText(reading, read, failure) {
    const ofDocument = reading.warnings.filter((warning) => !warning.page);
    const ofPage = reading.warnings.filter((warning) => warning.page === this.page && warning.code !== 'page_failed');
    fill(this.documentWarnings, ...warningNotices(ofDocument));
    fill(this.warnings,
      failure && make('p', { className: 'notice error' }, failure.message, ' ', make('code', {}, failure.code)),
      ...warningNotices(ofPage));
    const lines = this.#lines(read);
    const hidden = (read?.lines.length ?? 0) - lines.length;
    const waiting = !read && !failure && (reading.state === 'reading' || reading.state === 'sending');
    fill(this.heading, t('textOfPage'), ' ',
      make('small', { className: 'faint' }, read ? t('lineCount', { count: lines.length }) : waiting ? t('notYetRead') : '', hidden ? ` ${t('linesHidden', { count: hidden })}` : '',
        read && !read.lines.length ? ` ${t('noText')}` : '', read?.source === 'text_layer' ? ` ${t('fromTextLayer')}` : ''));
    this.list.show(lines);
    this.structure.show(read, reading.options['spreadsheet_safe'] === 'true');
    this.#drawTabs(read);
  }

  /** @param {import('../service/reading.js').Page | undefined} read */
  #drawTabs(read) {
    const shown = read?.structure ? this.#tab : 'textOfPage';
    this.tabs.hidden = !read?.structure;
    this.heading.hidden = this.list.element.hidden = shown === 'structure';
    this.structure.element.hidden = shown !== 'structure';
    fill(this.tabs, .../** @type {const} */ (['textOfPage', 'structure']).map((tab) => make('button', { type: 'button', 'aria-pressed': tab === shown, 'data-tab': tab, onclick: () => {
      this.#tab = tab;
      this.#drawTabs(read);
    } }, t(tab))));
  }

  /** @param {import('../service/reading.js').Page | undefined} page */
  #lines(page) {
    return page?.lines.filter((line) => line.confidence >= this.thresholds.least) ?? [];
  }

  #textOfAll() {
    return this.reading?.result().pages.map((page) => this.#lines(page).map((line) => line.text).join('\n')).join('\n\n') ?? '';
  }

  /** @param {number | null} index @param {'viewer' | 'list'} from */
  #mark(index, from) {
    if (this.#found) return;
    this.viewer.mark(index, from === 'list');
    this.list.mark(index, from === 'viewer');
  }
}

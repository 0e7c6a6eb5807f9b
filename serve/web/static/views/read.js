/** The view Read: takes a document, reads it, and shows what was read and where. */

import { Problem, Unreachable, info } from '../service/api.js';
import { BACK } from '../service/connection.js';
import { DocumentView } from '../parts/document.js';
import { fill, make, soon, speak } from '../browser/dom.js';
import { Chooser, addressForm, refusal } from '../parts/intake.js';
import { resultOf } from '../service/jobs.js';
import { errorNotice } from '../parts/notices.js';
import { Options } from '../parts/options.js';
import { Reading } from '../service/reading.js';
import { go, note, route } from '../browser/route.js';
import { nameOfPlace, sendable } from '../service/source.js';
import { keep, kept } from '../browser/store.js';
import { t } from '../texts/texts.js';

/** How often a reading that lost its connection is sent again without being asked. */
const RETRIES_BY_ITSELF = 2;

export class ReadView {
  /** @type {Reading | null} */
  #reading = null;
  /** What the address names of what is shown: `kept`, or `job/document`. */
  #shown = '';
  /** @type {unknown} */
  #openError = null;
  #refusal = '';
  #address = '';
  #retries = 0;
  /** What the bar of progress shows but its numbers. */
  #drawn = '';
  #draw = soon(() => this.#drawNow());

  /** @param {HTMLElement} element @param {(given: import('../parts/intake.js').Given[]) => void} takeMany Takes more files than one. */
  constructor(element, takeMany) {
    this.takeMany = takeMany;
    this.intake = make('div', { className: 'intake' });
    this.options = new Options(['pages', 'dpi', 'text_layer', 'orientation', 'model', 'languages', 'structure', 'furniture', 'characters', 'spreadsheet_safe', 'password']);
    this.progress = make('div', { className: 'bar progress' });
    this.notices = make('div');
    this.document = new DocumentView(() => this.#noteAddress());
    element.append(this.intake, this.options.element, this.notices, this.progress, this.document.element);
    document.addEventListener(BACK, () => this.#tryAgainByItself());
    this.words();
  }

  /** Write the texts in the language of now. */
  words() {
    const take = (/** @type {import('../parts/intake.js').Given[]} */ given) => this.take(given);
    fill(this.intake,
      make('p', { className: 'large' }, make('strong', {}, t('dropHere')), ' ', t('orPaste')),
      make('div', { className: 'buttons' },
        new Chooser('chooseFile', { multiple: true }, take).element,
        new Chooser('camera', { accept: 'image/*', capture: 'environment' }, take).element,
        addressForm('addressOfDocument', 'readAddress', this.#address, (address) => { this.#address = address; }, (address) => this.takePlace(address))),
      make('p', { className: 'faint large' }, t('formatsRead')));
    this.options.words();
    this.document.words();
    this.#drawNow();
  }

  /** Read a file; more than one go to a job. @param {import('../parts/intake.js').Given[]} given */
  take(given) {
    const [first] = given;
    if (!first) return;
    if (given.length > 1 && info()?.jobs !== false) {
      this.takeMany(given);
      return;
    }
    this.#refusal = refusal(first.file, first.name);
    if (this.#refusal) this.#drawNow();
    else this.#read({ kind: 'file', name: first.name || 'pasted.png', file: first.file, password: this.options.password });
  }

  /** Read a document at an address. @param {string} place */
  takePlace(place) {
    this.#address = place;
    this.#refusal = '';
    this.#read({ kind: 'place', name: nameOfPlace(place), place, password: this.options.password });
  }

  /** Show what the address names. @param {import('../browser/route.js').Route} state */
  async show(state) {
    const name = state.kept ?? (state.job && state.document ? `${state.job}/${state.document}` : '');
    if (name && name !== this.#shown) await this.#open(name, state);
    else if (this.#reading && name) this.document.turnTo(state.page);
    else if (this.#reading) this.#noteAddress();
  }

  /** Let the address name what is shown, so that it can be kept as a link. */
  #noteAddress() {
    if (route().view !== 'read' || !this.#reading) return;
    const [job, number] = this.#shown.includes('/') ? this.#shown.split('/') : [];
    const { page } = this.document;
    note(job ? { view: 'read', job, document: Number(number), page } : { view: 'read', kept: this.#shown || null, page });
  }

  /** @param {import('../service/source.js').Sendable} source */
  #read(source) {
    this.#reading?.stop();
    const reading = new Reading(source, this.options.values());
    const page = Number(/^\d+/.exec(reading.options['pages'] ?? '')?.[0] ?? 1) || 1;
    this.#shown = '';
    if (route().view !== 'read' || route().kept || route().job) go({ view: 'read', page });
    this.#display(reading, page);
    this.#retries = 0;
    this.#start(reading);
  }

  /** @param {Reading} reading */
  async #start(reading) {
    await reading.start();
    if (reading.state === 'failed' && asksForPassword(reading.error)) this.options.askForPassword();
    if (reading.state !== 'done' || this.#reading !== reading) return;
    speak(t('stateDone', { read: reading.pages.size, model: reading.model }));
    const key = await keep(reading);
    if (!key || this.#reading !== reading) return;
    this.#shown = key;
    this.#noteAddress();
  }

  /** @param {Reading} reading @param {number} page */
  #display(reading, page) {
    this.#reading?.removeEventListener('change', this.#draw);
    this.#reading = reading;
    this.#openError = null;
    reading.addEventListener('change', this.#draw);
    this.document.show(reading, page);
    this.#drawNow();
  }

  /** Open a result of this browser or of a job. @param {string} name @param {import('../browser/route.js').Route} state */
  async #open(name, state) {
    this.#shown = name;
    try {
      const reading = state.kept ? await readingKept(state.kept) : await resultOf(state.job ?? '', state.document ?? 1);
      if (this.#shown !== name) return;
      this.#reading?.stop();
      this.#display(reading, state.page);
    } catch (error) {
      if (this.#shown !== name) return;
      this.#shown = '';
      this.#openError = error;
      this.#drawNow();
    }
  }

  #again() {
    const reading = this.#reading;
    const source = reading && sendable(reading.source);
    if (source) this.#read({ ...source, password: this.options.password });
  }

  #tryAgainByItself() {
    const reading = this.#reading;
    if (this.#openError instanceof Unreachable) this.show(route());
    if (reading?.state !== 'failed' || !(reading.error instanceof Unreachable) || this.#retries >= RETRIES_BY_ITSELF) return;
    this.#retries += 1;
    this.#start(reading);
  }

  #drawNow() {
    const reading = this.#reading;
    this.intake.classList.toggle('small', Boolean(reading));
    const failed = reading?.state === 'failed';
    const retry = () => {
      this.#retries = 0;
      if (!reading) return;
      // Options may be what was wrong, so those of now count, unless pages are there already.
      if (reading.numbers().length) this.#start(reading);
      else this.#again();
    };
    fill(this.notices,
      this.#refusal && make('p', { className: 'notice error', role: 'alert' }, this.#refusal),
      this.#openError ? errorNotice(this.#openError, () => this.show(route())) : null,
      failed && errorNotice(reading.error, retry));
    this.#drawProgress(reading);
  }

  /** @param {Reading | null} reading */
  #drawProgress(reading) {
    const children = reading ? this.#progressOf(reading) : [];
    const key = `${reading?.state}/${t('stop')}/${reading?.source.name}`;
    const [words, bar] = [this.progress.querySelector('.reading-state'), this.progress.querySelector('progress')];
    const [, newWords, newBar] = children;
    if (key === this.#drawn && words && newWords instanceof HTMLElement) {
      // Only the numbers have changed: the button that stops keeps its place and the focus.
      words.textContent = newWords.textContent;
      if (bar && newBar instanceof HTMLElement) bar.replaceWith(newBar);
      return;
    }
    this.#drawn = key;
    fill(this.progress, ...children);
  }

  /** @param {Reading} reading @returns {import('../browser/dom.js').Child[]} */
  #progressOf(reading) {
    const { state, wait } = reading;
    const busy = state === 'sending' || state === 'reading';
    const read = reading.numbers().length;
    const bar = make('progress', { 'aria-label': t('progress') });
    if (reading.pageCount && !reading.options['pages']) Object.assign(bar, { max: reading.pageCount, value: read });
    const words = busy && wait.seconds ? t('fullWait', wait)
      : { idle: '', sending: t('sending'), reading: t('readingPages', { read, count: reading.pageCount || '?' }), failed: t('stateFailed'), stopped: t('stateStopped', { read }),
        done: t('stateDone', { read: reading.pages.size, model: reading.model }) }[state];
    return [
      make('strong', { dir: 'auto' }, reading.source.name),
      make('span', { className: `reading-state state-${state}` }, words),
      busy && bar,
      busy && make('button', { type: 'button', onclick: () => reading.stop() }, t('stop')),
      state === 'stopped' && make('button', { type: 'button', onclick: () => this.#start(reading) }, t('goOn')),
      !busy && sendable(reading.source) && make('button', { type: 'button', className: 'again', title: t('readAgainHelp'), onclick: () => this.#again() }, t('readAgain')),
    ];
  }
}

/** @param {unknown} error */
function asksForPassword(error) {
  return error instanceof Problem && error.code === 'undecodable' && error.message.includes('password');
}

/** @param {string} key @returns {Promise<Reading>} */
async function readingKept(key) {
  const one = await kept(key);
  if (!one) throw new Error(t('notKept'));
  /** @type {import('../service/source.js').Source} */
  let source = { kind: 'gone', name: one.name };
  if (one.file) source = { kind: 'file', name: one.name, file: one.file, password: '' };
  if (one.place) source = { kind: 'place', name: one.name, place: one.place, password: '' };
  return Reading.of(source, one.result, one.options);
}

/** The view Batch: many files, a folder or a prefix become a job; below it, the job that the address names. */

import { info } from '../service/api.js';
import { fill, make } from '../browser/dom.js';
import { Chooser, addressForm, refusal } from '../parts/intake.js';
import { JobView } from '../parts/job.js';
import { mostBytes, mostFiles, requestKey, submit } from '../service/jobs.js';
import { errorNotice } from '../parts/notices.js';
import { Options } from '../parts/options.js';
import { go } from '../browser/route.js';
import { size } from '../service/source.js';
import { t } from '../texts/texts.js';

const NAMES_SHOWN = 12;

export class BatchView {
  /** @type {import('../parts/intake.js').Given[]} */
  #files = [];
  /** @type {string[]} Sentences about files that were left out. */
  #refused = [];
  #prefix = '';
  /** The name of the next request: the same until it has become a job, so that no job is made twice. */
  #key = requestKey();
  #busy = false;
  #wait = { seconds: 0, attempt: 0 };
  /** @type {unknown} */
  #error = null;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.intake = make('div', { className: 'intake' });
    this.options = new Options(['pages', 'dpi', 'text_layer', 'orientation', 'model', 'languages', 'structure', 'furniture', 'password', 'format']);
    this.list = make('div', { className: 'panel batch-list' });
    this.job = new JobView();
    element.append(this.intake, this.options.element, this.list, this.job.element);
    this.words();
  }

  /** Write the texts in the language of now. */
  words() {
    const take = (/** @type {import('../parts/intake.js').Given[]} */ given) => this.take(given);
    fill(this.intake,
      make('p', {}, make('strong', {}, t('dropMany'))),
      make('div', { className: 'buttons' },
        new Chooser('chooseFiles', { multiple: true }, take).element,
        new Chooser('chooseFolder', { webkitdirectory: true, accept: '' }, take).element,
        addressForm('prefix', 'usePrefix', this.#prefix, (prefix) => { this.#prefix = prefix; }, () => this.#submit())));
    this.options.words();
    this.job.words();
    this.#draw();
  }

  /** @param {import('../browser/route.js').Route} state */
  show(state) {
    this.job.show(state.job);
  }

  /** Called when another view comes. */
  hide() {
    this.job.show(null);
  }

  /** Add files to the job that is being put together. @param {import('../parts/intake.js').Given[]} given */
  take(given) {
    this.#refused = [];
    for (const one of given) {
      const reason = refusal(one.file, one.name);
      if (reason) this.#refused.push(reason);
      else if (this.#bytes() + one.file.size > mostBytes()) this.#refused.push(t('jobTooLarge', { name: one.name, limit: size(mostBytes()) }));
      else if (this.#files.length >= mostFiles()) this.#refused.push(t('tooManyFiles', { name: one.name, limit: mostFiles() }));
      else this.#files.push(one);
    }
    this.#error = null;
    this.#key = requestKey();
    this.#draw();
  }

  async #submit() {
    if (this.#busy || (!this.#files.length && !this.#prefix.trim())) return;
    this.#busy = true;
    this.#error = null;
    this.#draw();
    try {
      const { format, ...options } = this.options.values();
      const job = await submit({
        files: this.#files,
        places: [],
        prefix: this.#prefix.trim(),
        options: { ...options, ...(format && format !== 'json' ? { format } : {}) },
        password: this.options.password,
        key: this.#key,
      }, (seconds, attempt) => {
        this.#wait = { seconds, attempt };
        this.#draw();
      });
      this.#files = [];
      this.#refused = [];
      this.#prefix = '';
      this.#key = requestKey();
      go({ view: 'batch', job: job.id });
    } catch (error) {
      this.#error = error;
    }
    this.#busy = false;
    this.words();
  }

  #bytes() {
    return this.#files.reduce((sum, { file }) => sum + file.size, 0);
  }

  #draw() {
    const names = this.#files.slice(0, NAMES_SHOWN).map(({ name }) => name).join(', ');
    const without = info()?.jobs === false;
    this.list.hidden = !without && !this.#files.length && !this.#refused.length && !this.#error && !this.#busy;
    fill(this.list,
      without && make('p', { className: 'notice warning' }, t('noJobs')),
      ...this.#refused.map((reason) => make('p', { className: 'notice error', role: 'alert' }, reason)),
      this.#error ? errorNotice(this.#error, () => this.#submit()) : null,
      this.#files.length > 0 && make('p', { className: 'chosen' }, make('strong', {}, t('filesChosen', { count: this.#files.length, size: size(this.#bytes()) })), ' ',
        make('span', { className: 'faint', dir: 'auto' }, names, this.#files.length > NAMES_SHOWN ? ' …' : '')),
      this.#busy && make('p', { role: 'status' }, this.#wait.seconds ? t('fullWait', this.#wait) : t('handingIn'), ' ', make('progress', { 'aria-label': t('progress') })),
      make('div', { className: 'buttons' },
        this.#files.length > 0 && make('button', { type: 'button', className: 'primary hand-in', disabled: this.#busy, onclick: () => this.#submit() }, t('handIn')),
        make('button', { type: 'button', disabled: this.#busy, onclick: () => this.#clear() }, t('clear'))));
  }

  #clear() {
    this.#files = [];
    this.#refused = [];
    this.#error = null;
    this.#draw();
  }
}

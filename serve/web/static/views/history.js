/** The view History: jobs of the service that this key may see, and results that this browser keeps. */

import { info } from '../service/api.js';
import { announce, fill, make } from '../browser/dom.js';
import { list, remove } from '../service/jobs.js';
import { errorNotice } from '../parts/notices.js';
import { address } from '../browser/route.js';
import { size } from '../service/source.js';
import { KEPT, allKept, empty, forget, keeps, setKeeps } from '../browser/store.js';
import { language, t } from '../texts/texts.js';

export class HistoryView {
  /** @type {import('../service/jobs.js').Job[]} */
  #jobs = [];
  /** @type {string | null} */
  #next = null;
  /** @type {unknown} */
  #error = null;
  /** @type {import('../browser/store.js').Kept[]} */
  #kept = [];
  #shown = false;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.server = make('section', { className: 'panel' });
    this.local = make('section', { className: 'panel' });
    element.append(this.local, this.server);
    // A result is kept some moments after it was read.
    document.addEventListener(KEPT, () => {
      if (this.#shown) this.#loadKept();
    });
  }

  /** Write the texts in the language of now. */
  words() {
    if (this.#shown) this.#draw();
  }

  async show() {
    this.#shown = true;
    this.#draw();
    await Promise.all([this.#loadJobs(''), this.#loadKept()]);
  }

  hide() {
    this.#shown = false;
  }

  /** @param {string} cursor */
  async #loadJobs(cursor) {
    if (info()?.jobs === false) return;
    this.#error = null;
    try {
      const { jobs, next } = await list(cursor);
      this.#jobs = cursor ? [...this.#jobs, ...jobs] : jobs;
      this.#next = next;
    } catch (error) {
      this.#error = error;
    }
    this.#draw();
  }

  async #loadKept() {
    this.#kept = await allKept().catch(() => []);
    this.#draw();
  }

  #draw() {
    this.#drawKept();
    this.#drawJobs();
  }

  #drawKept() {
    const box = make('input', { type: 'checkbox', checked: keeps(), onchange: () => setKeeps(box.checked) });
    fill(this.local,
      make('h2', {}, t('historyHere')),
      make('p', { className: 'faint' }, t('historyHereHelp')),
      make('div', { className: 'buttons' },
        make('label', { className: 'check' }, box, t('historyKeep')),
        make('button', { type: 'button', className: 'empty', disabled: !this.#kept.length, onclick: async () => {
          await empty();
          announce(t('historyEmptied'));
          await this.#loadKept();
        } }, t('historyEmpty'))),
      this.#kept.length
        ? table([t('name'), t('time'), t('pages'), t('size'), ''], this.#kept.map((one) => [
          make('a', { href: address({ view: 'read', kept: one.key }), dir: 'auto' }, one.name),
          time(one.time), String(one.pages), size(one.bytes),
          make('button', { type: 'button', 'aria-label': t('forgetNamed', { name: one.name }), onclick: async () => {
            await forget(one.key);
            await this.#loadKept();
          } }, t('forget')),
        ]))
        : make('p', {}, t('nothingYet')));
  }

  #drawJobs() {
    fill(this.server,
      make('h2', {}, t('historyServer')),
      info()?.jobs === false && make('p', {}, t('noJobs')),
      this.#error ? errorNotice(this.#error, () => this.#loadJobs('')) : null,
      this.#jobs.length
        ? table([t('job'), t('state'), t('time'), t('documents'), ''], this.#jobs.map((job) => [
          make('a', { href: address({ view: 'batch', job: job.id }) }, make('code', {}, job.id)),
          t(`job_${job.state}`), time(Date.parse(job.created)), t('jobCounts', { done: job.done, failed: job.failed, total: job.total }),
          job.ended ? make('button', { type: 'button', 'aria-label': t('deleteNamed', { name: job.id }), onclick: () => this.#delete(job.id) }, t('deleteJob')) : '',
        ]))
        : make('p', {}, t('nothingYet')),
      this.#next && make('button', { type: 'button', onclick: () => this.#loadJobs(this.#next ?? '') }, t('more')));
  }

  /** @param {string} id */
  async #delete(id) {
    try {
      await remove(id);
      announce(t('jobDeleted'));
      this.#jobs = this.#jobs.filter((job) => job.id !== id);
    } catch (error) {
      this.#error = error;
    }
    this.#draw();
  }
}

/** @param {string[]} heads @param {(string | Node)[][]} rows */
export function table(heads, rows) {
  return make('div', { className: 'table' }, make('table', {},
    make('thead', {}, make('tr', {}, ...heads.map((head) => (head ? make('th', { scope: 'col' }, head) : make('td', {}))))),
    make('tbody', {}, ...rows.map((row) => make('tr', {}, ...row.map((cell) => make('td', {}, cell)))))));
}

/** @param {number} milliseconds */
function time(milliseconds) {
  return new Date(milliseconds).toLocaleString(language(), { dateStyle: 'medium', timeStyle: 'short' });
}

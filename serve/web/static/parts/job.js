/** One job: its progress from the events, a row for each document, and what can be done with it. */

import { Unreachable, events } from '../service/api.js';
import { BACK } from '../service/connection.js';
import { announce, fill, make, soon } from '../browser/dom.js';
import { Chooser } from './intake.js';
import { downloadAll, isFinal, jobOf, nameOf, optionsOf, originalOf, outcomeOf, remove, requestKey, submit } from '../service/jobs.js';
import { errorNotice } from './notices.js';
import { address, go } from '../browser/route.js';
import { t } from '../texts/texts.js';

/** @typedef {{page: number, name: string, state: 'done' | 'failed', code: string | null}} Settled */

const ROWS = 50;

/** Follows the job that `show` names until another one is named. */
export class JobView {
  /** @type {string | null} */
  #id = null;
  /** @type {import('../service/jobs.js').Job | null} */
  #job = null;
  /** @type {Map<number, Settled>} */
  #settled = new Map();
  /** What only the outcome tells: the words of an error, the number of pages. @type {Map<number, string>} */
  #details = new Map();
  /** @type {Map<number, HTMLTableRowElement>} */
  #rows = new Map();
  #from = 0;
  #failedOnly = false;
  /** @type {unknown} */
  #error = null;
  /** Files that were chosen again for documents that failed, by name. @type {Map<string, File>} */
  #again = new Map();
  #missing = false;
  #abort = new AbortController();
  #draw = soon(() => this.#drawNow());

  constructor() {
    this.head = make('div');
    this.table = make('div', { className: 'table', tabIndex: 0, role: 'region' });
    this.pager = make('div', { className: 'bar' });
    this.element = make('section', { className: 'panel job', hidden: true }, this.head, this.table, this.pager);
    document.addEventListener(BACK, () => {
      if (this.#error instanceof Unreachable) this.#follow();
    });
  }

  /** Write the texts in the language of now. */
  words() {
    this.#rows.clear();
    this.#drawNow();
  }

  /** @param {string | null} id */
  show(id) {
    if (id === this.#id) return;
    this.#abort.abort();
    this.#id = id;
    this.#job = this.#error = null;
    this.#settled = new Map();
    this.#details = new Map();
    this.#again = new Map();
    this.#rows.clear();
    this.#from = 0;
    this.#failedOnly = this.#missing = false;
    this.element.hidden = !id;
    fill(this.head);
    fill(this.table);
    fill(this.pager);
    if (id) this.#follow();
  }

  async #follow() {
    const id = this.#id;
    if (!id) return;
    this.#abort.abort();
    const { signal } = this.#abort = new AbortController();
    this.#error = null;
    let last = this.#settled.size ? String(this.#settled.size) : '';
    try {
      this.#job = await jobOf(id);
      this.#draw();
      for (let ended = false; !ended && !signal.aborted;) {
        for await (const event of events(`v1/jobs/${id}/events`, last, signal)) {
          last = event.id || last;
          if (event.event === 'page') this.#settle(event.data);
          else this.#job = event.data;
          ended = event.event === 'end';
          this.#draw();
        }
        this.#job = await jobOf(id);
        ended ||= isFinal(this.#job);
      }
    } catch (error) {
      if (signal.aborted) return;
      this.#error = error;
    }
    this.#draw();
    this.#loadDetails(signal);
  }

  /** @param {Settled} settled */
  #settle(settled) {
    this.#settled.set(settled.page, settled);
    const job = this.#job;
    if (!job || isFinal(job)) return;
    const failed = [...this.#settled.values()].filter((one) => one.state === 'failed').length;
    this.#job = { ...job, done: this.#settled.size - failed, failed, progress: this.#settled.size / Math.max(1, job.total) };
  }

  #numbers() {
    if (this.#failedOnly) return [...this.#settled.values()].filter((one) => one.state === 'failed').map((one) => one.page).sort((a, b) => a - b);
    return Array.from({ length: this.#job?.total ?? 0 }, (_, index) => index + 1);
  }

  #drawNow() {
    const job = this.#job;
    if (!this.#id) return;
    fill(this.head,
      make('h2', {}, t('job'), ' ', make('code', {}, this.#id)),
      this.#error ? errorNotice(this.#error, () => this.#follow()) : null,
      ...(job ? this.#headOf(job) : []));
    if (!job) return;
    const numbers = this.#numbers();
    const shown = numbers.slice(this.#from, this.#from + ROWS);
    const rows = shown.map((number) => this.#row(job, number));
    const body = this.table.querySelector('tbody') ?? make('tbody');
    this.table.setAttribute('aria-label', t('documents'));
    fill(this.table, make('table', {},
      make('thead', {}, make('tr', {}, ...[t('number'), t('name'), t('state'), t('details')].map((text) => make('th', { scope: 'col' }, text)))), body));
    if (rows.some((row, index) => body.children[index] !== row) || rows.length !== body.children.length) fill(body, ...rows);
    this.#drawPager(numbers.length);
    this.#loadDetails(this.#abort.signal);
  }

  /** @param {import('../service/jobs.js').Job} job @returns {import('../browser/dom.js').Child[]} */
  #headOf(job) {
    const final = isFinal(job);
    const act = (/** @type {() => Promise<unknown>} */ action) => async () => {
      try {
        await action();
      } catch (error) {
        this.#error = error;
        this.#drawNow();
      }
    };
    return [
      ...job.warnings.map((warning) => make('p', { className: 'notice warning' }, warning)),
      make('p', { className: 'bar' },
        make('progress', { max: 1, value: job.progress, 'aria-label': t('progress') }),
        make('span', { className: 'job-state', role: 'status' }, t(`job_${job.state}`), ': ', t('jobCounts', { done: job.done, failed: job.failed, total: job.total })),
        job.queue_position ? make('span', {}, t('queuePosition', { position: job.queue_position })) : null),
      make('div', { className: 'buttons' },
        job.done > 0 && final && make('button', { type: 'button', className: 'primary download-all', onclick: act(() => downloadAll(job.id)) }, t('downloadAll')),
        job.failed > 0 && final && make('button', { type: 'button', className: 'retry-failed', disabled: this.#failed().length < job.failed, onclick: act(() => this.#retryFailed()) }, t('retryFailed', { count: job.failed })),
        job.failed > 0 && make('label', { className: 'check' }, make('input', { type: 'checkbox', checked: this.#failedOnly, onchange: () => {
          this.#failedOnly = !this.#failedOnly;
          this.#from = 0;
          this.#drawNow();
        } }), t('failedOnly')),
        !final && make('button', { type: 'button', className: 'cancel-job', onclick: act(() => this.#cancel(job.id)) }, t('cancelJob')),
        final && make('button', { type: 'button', onclick: act(() => this.#delete(job.id)) }, t('deleteJob'))),
      this.#missing && this.#choiceOfMissing(),
    ];
  }

  /** @param {string} id */
  async #cancel(id) {
    this.#job = await (await remove(id)).json();
    this.#drawNow();
  }

  /** @param {string} id */
  async #delete(id) {
    await remove(id);
    announce(t('jobDeleted'));
    go({ view: 'batch' });
  }

  #failed() {
    return [...this.#settled.values()].filter((one) => one.state === 'failed').sort((a, b) => a.page - b.page).map(({ page, name }) => {
      const file = this.#again.get(name);
      return { name, source: file ? { kind: /** @type {const} */ ('file'), name, file, password: '' } : originalOf(this.#id ?? '', page, name) };
    });
  }

  /** Hand the documents that failed in again, as a job of their own. */
  async #retryFailed() {
    const failed = this.#failed();
    this.#missing = failed.some(({ source }) => !source);
    if (this.#missing) {
      this.#drawNow();
      return;
    }
    const sources = failed.map(({ source }) => /** @type {import('../service/source.js').Sendable} */ (source));
    const job = await submit({
      files: sources.flatMap((source) => (source.kind === 'file' ? [{ name: source.name, file: /** @type {File} */ (source.file) }] : [])),
      places: sources.flatMap((source) => (source.kind === 'place' ? [source.place] : [])),
      prefix: '',
      options: optionsOf(this.#id ?? ''),
      password: sources[0]?.password ?? '',
      key: requestKey(),
    }, () => undefined);
    go({ view: 'batch', job: job.id });
  }

  /** After a reload the files are not here any more: let them be chosen again. */
  #choiceOfMissing() {
    const names = this.#failed().filter(({ source }) => !source).map(({ name }) => name);
    return make('div', { className: 'notice warning choose-again' },
      make('p', {}, t('chooseAgain'), ' ', make('span', { dir: 'auto' }, names.join(', '))),
      new Chooser('chooseFiles', { multiple: true, accept: '' }, (given) => {
        for (const { file, name } of given) {
          const failed = names.find((one) => one === name || one.endsWith(`/${file.name}`));
          if (failed) this.#again.set(failed, file);
        }
        this.#retryFailed().catch((error) => {
          this.#error = error;
          this.#drawNow();
        });
      }).element);
  }

  /** @param {import('../service/jobs.js').Job} job @param {number} number */
  #row(job, number) {
    const settled = this.#settled.get(number);
    const name = settled?.name || nameOf(job.id, number);
    const state = settled?.state ?? (isFinal(job) ? job.state === 'cancelled' ? 'cancelled' : 'waiting' : 'waiting');
    const detail = this.#details.get(number) ?? settled?.code ?? '';
    const key = [state, name, detail].join('\n');
    const there = this.#rows.get(number);
    if (there?.dataset['key'] === key) return there;
    const href = address({ view: 'read', job: job.id, document: number });
    const row = make('tr', {},
      make('td', {}, String(number)),
      make('td', { dir: 'auto' }, state === 'done' ? make('a', { href }, name || t('open')) : name),
      make('td', { className: `state-${state}` }, t(`row_${state}`)),
      make('td', {}, detail));
    row.dataset['key'] = key;
    this.#rows.set(number, row);
    return row;
  }

  /** @param {number} count */
  #drawPager(count) {
    const turn = (/** @type {number} */ by) => () => {
      this.#from = Math.min(Math.max(0, this.#from + by), Math.floor((count - 1) / ROWS) * ROWS);
      this.#drawNow();
    };
    fill(this.pager, ...(count <= ROWS ? [] : [
      make('button', { type: 'button', disabled: this.#from === 0, onclick: turn(-ROWS) }, t('rowsBefore')),
      make('span', {}, t('rowsShown', { from: this.#from + 1, to: Math.min(this.#from + ROWS, count), count })),
      make('button', { type: 'button', disabled: this.#from + ROWS >= count, onclick: turn(ROWS) }, t('rowsAfter')),
    ]));
  }

  #loading = false;

  /** Ask one after the other for what only the outcomes of the rows that are shown tell. @param {AbortSignal} signal */
  async #loadDetails(signal) {
    if (this.#loading || !this.#id) return;
    this.#loading = true;
    try {
      for (;;) {
        const number = this.#numbers().slice(this.#from, this.#from + ROWS).find((one) => this.#settled.has(one) && !this.#details.has(one));
        if (number === undefined || signal.aborted) return;
        const outcome = await outcomeOf(this.#id, number, signal);
        const pages = outcome?.result?.pages?.length;
        this.#details.set(number, outcome?.error?.message ?? (pages === undefined ? '' : t('pageCount', { count: pages })));
        this.#draw();
      }
    } catch {
      // The row shows the code of the error without them.
    } finally {
      this.#loading = false;
    }
  }
}

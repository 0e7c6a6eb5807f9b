/** The view System: whether the service can read, with which model, and where its other pages are. It changes nothing. */

import { info, send, urlOf } from '../service/api.js';
import { BACK } from '../service/connection.js';
import { fill, make } from '../browser/dom.js';
import { table } from './history.js';
import { errorNotice, sentence } from '../parts/notices.js';
import { size } from '../service/source.js';
import { t } from '../texts/texts.js';

/** @typedef {{name: string, description: string, license: string, active: boolean}} Model */
/** @typedef {{name: string, state: string, replicas: Record<string, number>, message: string}} Stage */

export class SystemView {
  /** @type {{good: boolean, words: string} | null} */
  #readiness = null;
  /** @type {Model[]} */
  #models = [];
  /** @type {Stage[]} */
  #stages = [];
  /** @type {unknown} */
  #error = null;
  #shown = false;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    document.addEventListener(BACK, () => {
      if (this.#shown) this.show();
    });
  }

  /** Write the texts in the language of now. */
  words() {
    if (this.#shown) this.#draw();
  }

  hide() {
    this.#shown = false;
  }

  async show() {
    this.#shown = true;
    this.#draw();
    await Promise.all([this.#askReadiness(), this.#askLists()]);
  }

  async #askReadiness() {
    this.#readiness = null;
    try {
      this.#readiness = { good: true, words: await (await send('readyz')).text() };
    } catch (error) {
      this.#readiness = { good: false, words: sentence(error) };
    }
    this.#draw();
  }

  async #askLists() {
    this.#error = null;
    try {
      this.#models = (await (await send('v1/models')).json()).models;
      this.#stages = (await (await send('v1/stages')).json()).stages;
    } catch (error) {
      this.#error = error;
    }
    this.#draw();
  }

  #draw() {
    const known = info();
    const ready = this.#readiness;
    const stages = ready ? (ready.good ? `${t('ready')}${ready.words === 'ok' ? '' : ` (${ready.words})`}` : `${t('notReady')} ${ready.words}`) : t('asking');
    const rows = /** @type {[string, string | Node][]} */ ([
      [t('readiness'), make('span', { className: ready ? (ready.good ? 'state-done' : 'state-failed') : 'faint', role: 'status' }, stages)],
      [t('version'), known?.version ?? '?'],
      [t('languages'), this.#models.find((model) => model.active)?.description ?? '?'],
      [t('largestFile'), known ? size(known.max_body_bytes) : '?'],
      [t('mostPages'), String(known?.max_pages ?? '?')],
      [t('jobs'), known ? t(known.jobs ? 'yes' : 'noJobs') : '?'],
      [t('formats'), known?.formats.join(', ') ?? '?'],
    ]);
    fill(this.element,
      make('section', { className: 'panel' },
        make('h2', {}, t('service')),
        make('dl', {}, ...rows.flatMap(([name, value]) => [make('dt', {}, name), make('dd', {}, value)])),
        this.#error ? errorNotice(this.#error, () => this.#askLists()) : null,
        table([t('stage'), t('state'), t('replicas'), ''], this.#stages.map((stage) => [
          stage.name,
          make('span', { className: stage.state === 'healthy' ? 'state-done' : 'state-failed' }, stage.state),
          Object.entries(stage.replicas).map(([state, count]) => `${count} ${state}`).join(', '),
          stage.message,
        ])),
        make('p', {}),
        make('button', { type: 'button', onclick: () => this.show() }, t('askAgain'))),
      make('section', { className: 'panel' },
        make('h2', {}, t('models')),
        table([t('name'), t('inUse'), t('description'), t('license')], this.#models.map((model) => [make('code', {}, model.name), model.active ? t('yes') : '', model.description, model.license]))),
      make('section', { className: 'panel' },
        make('h2', {}, t('links')),
        make('ul', {}, ...[['docs', t('linkDocs')], ['redoc', t('linkRedoc')], ['openapi.json', t('linkOpenapi')]].map(([path, text]) =>
          make('li', {}, make('a', { href: urlOf(path ?? '') }, text ?? '')))),
        make('p', { className: 'faint' }, t('metricsHelp'))));
  }
}

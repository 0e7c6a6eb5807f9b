/** Sentences about errors and warnings: what happened, and what to do. */

import { Problem, Unreachable } from '../service/api.js';
import { make } from '../browser/dom.js';
import { t } from '../texts/texts.js';

/**
 * An error with its request id, and a button that tries again.
 * @param {unknown} error @param {(() => void) | null} retry
 */
export function errorNotice(error, retry) {
  return make('div', { className: 'notice error', role: 'alert' },
    make('p', {}, sentence(error)),
    retry && make('button', { type: 'button', className: 'retry', onclick: retry }, t('tryAgain')));
}

/** What to say about an error. @param {unknown} error */
export function sentence(error) {
  if (error instanceof Unreachable) return t('brokenOff');
  if (error instanceof Problem) {
    const what = error.status === 401 ? t('keyRefused') : error.message;
    return error.requestId ? `${what} (${error.code}, ${t('request')} ${error.requestId})` : `${what} (${error.code})`;
  }
  return error instanceof Error ? error.message : String(error);
}

/** @param {import('../service/reading.js').Warning[]} warnings */
export function warningNotices(warnings) {
  return warnings.map((warning) => make('p', { className: 'notice warning' }, warning.message, ' ', make('code', {}, warning.code)));
}

/** Jobs of the service, and the files of those that this page handed in. Nothing here draws. */

import { info, isMissing, send, textLines } from './api.js';
import { follow, save } from '../browser/dom.js';
import { Reading } from './reading.js';
import { nameOfPlace } from './source.js';
import { t } from '../texts/texts.js';

/**
 * @typedef {object} Job
 * @property {string} id
 * @property {'queued' | 'running' | 'succeeded' | 'partial' | 'failed' | 'cancelled'} state
 * @property {number} total
 * @property {number} done
 * @property {number} failed
 * @property {number} progress
 * @property {number | null} queue_position
 * @property {string} created
 * @property {string | null} ended
 * @property {string | null} expires
 * @property {string[]} warnings
 */
/** @typedef {{page: number, name: string, state: 'done' | 'failed', error: {code: string, message: string} | null, result: any}} Outcome */
/**
 * @typedef {object} Submission
 * @property {import('../parts/intake.js').Given[]} files
 * @property {string[]} places
 * @property {string} prefix
 * @property {Record<string, string>} options
 * @property {string} password
 * @property {string} key The name of this request, which makes it safe to send again.
 */

/** Files of jobs of this page, in the order of the job's documents. @type {Map<string, Submission>} */
const mine = new Map();

/** A name for a request; `crypto.randomUUID` is missing on pages without TLS. */
export function requestKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Hand a job in.
 * @param {Submission} submission @param {(seconds: number, attempt: number) => void} onWait
 * @returns {Promise<Job>}
 */
export async function submit(submission, onWait) {
  const form = new FormData();
  const options = { ...submission.options, ...(submission.password ? { password: submission.password } : {}) };
  if (Object.keys(options).length) form.append('options', JSON.stringify(options));
  if (submission.prefix) form.append('prefix', submission.prefix);
  for (const { file, name } of submission.files) form.append('file', file, name);
  for (const place of submission.places) form.append('source', place);
  const answer = await send('v1/jobs', { method: 'POST', body: form, headers: { 'Idempotency-Key': submission.key }, onWait });
  const job = /** @type {Job} */ (await answer.json());
  mine.set(job.id, submission);
  return job;
}

/** @param {string} id @returns {Promise<Job>} */
export const jobOf = async (id) => (await send(`v1/jobs/${id}`)).json();

/** Cancel a job, or delete one that has ended. @param {string} id */
export const remove = (id) => send(`v1/jobs/${id}`, { method: 'DELETE' });

/** @param {string} cursor @returns {Promise<{jobs: Job[], next: string | null}>} */
export const list = async (cursor) => (await send(`v1/jobs?limit=25${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`)).json();

/** Whether a job has ended. @param {Job} job */
export const isFinal = (job) => job.state !== 'queued' && job.state !== 'running';

/**
 * The outcome of one document; null if it is not settled.
 * @param {string} id @param {number} number @param {AbortSignal} [signal]
 * @returns {Promise<Outcome | null>}
 */
export async function outcomeOf(id, number, signal) {
  const answer = await send(`v1/jobs/${id}/result?partial=true&after=${number - 1}&limit=1`, signal ? { signal } : {});
  for await (const line of textLines(answer, signal)) {
    if (line) return JSON.parse(line);
  }
  return null;
}

/** The name of a document of a job that this page handed in, before the service tells it. @param {string} id @param {number} number */
export function nameOf(id, number) {
  const submission = mine.get(id);
  return submission?.files[number - 1]?.name ?? submission?.places[number - 1 - submission.files.length] ?? '';
}

/** The document itself, if this page can send it again. @param {string} id @param {number} number @param {string} name @returns {import('./source.js').Sendable | null} */
export function originalOf(id, number, name) {
  const submission = mine.get(id);
  const given = submission?.files[number - 1];
  const password = submission?.password ?? '';
  if (given) return { kind: 'file', name: given.name, file: given.file, password };
  return /^(s3|https):\/\//.test(name) ? { kind: 'place', name: nameOfPlace(name), place: name, password } : null;
}

/** The document as the service keeps it; null if it does not. @param {string} id @param {number} number @param {string} name @returns {Promise<import('./source.js').Sendable | null>} */
async function keptOriginal(id, number, name) {
  try {
    const file = await (await send(`v1/jobs/${id}/files/${number}`)).blob();
    return { kind: 'file', name, file, password: '' };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** The options of a job of this page. @param {string} id @returns {Record<string, string>} */
export const optionsOf = (id) => mine.get(id)?.options ?? {};

/**
 * The result of one document, to be shown. One that is a file of another format is saved instead.
 * @param {string} id @param {number} number
 * @returns {Promise<Reading>}
 */
export async function resultOf(id, number) {
  const outcome = await outcomeOf(id, number);
  if (!outcome) throw new Error(t('notSettled', { number }));
  if (outcome.error) throw new Error(`${outcome.name}: ${outcome.error.message} (${outcome.error.code})`);
  if (!outcome.result?.pages) {
    const answer = await send(`v1/jobs/${id}/result/${number}`);
    save(await answer.blob(), `${nameOfPlace(outcome.name)}${outcome.result?.extension ?? ''}`);
    throw new Error(t('otherFormat', { name: outcome.name }));
  }
  const kind = /** @type {const} */ ('job');
  const original = originalOf(id, number, outcome.name) ?? (await keptOriginal(id, number, outcome.name));
  return Reading.of({ kind, name: outcome.name, id, number, original }, outcome.result, optionsOf(id));
}

/** Download all results as one file, which the service puts together while it is sent. @param {string} id */
export async function downloadAll(id) {
  const answer = await send(`v1/jobs/${id}/archive`, { method: 'POST' });
  const { url } = /** @type {{url: string}} */ (await answer.json());
  follow(new URL(url, document.baseURI).href, '');
}

/** The most documents that a job may have. */
export const mostFiles = () => info()?.max_job_files ?? Infinity;

/** The most bytes that a job may have. */
export const mostBytes = () => info()?.max_job_bytes ?? Infinity;

/** Requests to the service: key, retries of a full service, errors in the API's own words, lines and events as they come. */

import { lost } from './connection.js';
import { apiKey, askForKey } from './keys.js';
import { t } from '../texts/texts.js';

/**
 * @typedef {object} PageInfo What the page must know before it sends anything.
 * @property {boolean} api_key_needed
 * @property {number} max_body_bytes
 * @property {number} max_pages
 * @property {boolean} jobs
 * @property {boolean} structure Whether `structure` may be asked for.
 * @property {number} max_job_files
 * @property {number} max_job_bytes
 * @property {string[]} formats
 * @property {string[]} models Those that are served; the first is the default.
 * @property {string} version
 */

/**
 * @typedef {object} Call
 * @property {string} [method]
 * @property {Record<string, string>} [headers]
 * @property {BodyInit} [body]
 * @property {AbortSignal} [signal]
 * @property {(seconds: number, attempt: number) => void} [onWait] Is told each second how long a full service lets us wait;
 *   0 at the end. Without it, a full service is an error at once.
 */

const TRIES_OF_A_FULL_SERVICE = 3;
const LONGEST_WAIT_S = 120;

/** An answer that is an error, in the words of the API. */
export class Problem extends Error {
  /** @param {number} status @param {string} code @param {string} detail @param {string} requestId */
  constructor(status, code, detail, requestId) {
    super(detail);
    this.status = status;
    this.code = code;
    this.requestId = requestId;
  }
}

/** Whether what was asked for does not exist. @param {unknown} error */
export const isMissing = (error) => error instanceof Problem && error.code === 'source_not_found';

/** No answer, or one that broke off. */
export class Unreachable extends Error {}

/** @type {PageInfo | null} */
let known = null;

/** What `GET v1/page` told; null before. */
export const info = () => known;

/** Ask the service what the page must know. @returns {Promise<PageInfo>} */
export async function loadInfo() {
  known = /** @type {PageInfo} */ (await (await send('v1/page')).json());
  return known;
}

/** The full address of a path of this service. @param {string} path Relative, such as `v1/ocr`. */
export const urlOf = (path) => new URL(path, document.baseURI).href;

/**
 * Send a request, and again with a key or after a wait if the service asks for that.
 * @param {string} path Relative to the page.
 * @param {Call} [call]
 * @returns {Promise<Response>} An answer of success.
 * @throws {Problem | Unreachable}
 */
export async function send(path, call = {}) {
  const open = path === 'v1/page';
  for (let attempt = 1; ; ) {
    if (!open && known?.api_key_needed && !apiKey() && !(await askForKey(t('keyNeeded')))) {
      throw new Problem(401, 'unauthorized', t('keyRefused'), '');
    }
    const key = apiKey();
    const answer = await once(path, call, key);
    if (answer.ok) return answer;
    const problem = await problemOf(answer);
    if (answer.status === 401 && (key !== apiKey() || (await askForKey(key ? t('keyUnknown') : t('keyNeeded'))))) continue;
    const full = answer.status === 429 || answer.status === 503;
    if (!full || !call.onWait || attempt > TRIES_OF_A_FULL_SERVICE) throw problem;
    await countDown(Number(answer.headers.get('Retry-After')) || 1, attempt, call.onWait, call.signal);
    attempt += 1;
  }
}

/** @param {string} path @param {Call} call @param {string} key */
async function once(path, call, key) {
  const headers = new Headers(call.headers);
  if (key) headers.set('X-API-Key', key);
  try {
    return await fetch(urlOf(path), { method: call.method ?? 'GET', headers, body: call.body ?? null, signal: call.signal ?? null });
  } catch (error) {
    throw brokenOff(error, call.signal);
  }
}

/** @param {unknown} error @param {AbortSignal} [signal] */
function brokenOff(error, signal) {
  if (signal?.aborted) return error;
  lost();
  return new Unreachable(error instanceof Error ? error.message : String(error));
}

/** @param {Response} answer @returns {Promise<Problem>} */
async function problemOf(answer) {
  const id = answer.headers.get('X-Request-ID') ?? '';
  try {
    return problemFrom(await answer.json(), answer.status, id);
  } catch {
    // Not of the service: a proxy on the way has answered.
    return new Problem(answer.status, `http_${answer.status}`, t('otherAnswer', { status: answer.status }), id);
  }
}

/**
 * The error that a body describes.
 * @param {{status?: number, code?: string, detail?: string, message?: string, request_id?: string}} body
 * @param {number} status @param {string} id
 */
export function problemFrom(body, status = 0, id = '') {
  const words = body.detail ?? body.message;
  if (typeof words !== 'string') throw new TypeError('not a problem');
  return new Problem(body.status ?? status, body.code ?? 'internal', words, body.request_id ?? id);
}

/**
 * @param {number} seconds @param {number} attempt
 * @param {(seconds: number, attempt: number) => void} onWait @param {AbortSignal} [signal]
 */
async function countDown(seconds, attempt, onWait, signal) {
  for (let left = Math.min(Math.ceil(seconds), LONGEST_WAIT_S); left > 0; left -= 1) {
    onWait(left, attempt);
    await new Promise((resolve) => { window.setTimeout(resolve, 1000); });
    signal?.throwIfAborted();
  }
  onWait(0, attempt);
}

/**
 * The text of an answer, line by line as it comes.
 * @param {Response} answer @param {AbortSignal} [signal]
 * @returns {AsyncGenerator<string, void, void>}
 */
export async function* textLines(answer, signal) {
  const reader = /** @type {ReadableStream<Uint8Array>} */ (answer.body).getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error) => { throw brokenOff(error, signal); });
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
      if (done) break;
    }
    if (rest) yield rest;
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

/**
 * Server-sent events. `EventSource` can't send an API key.
 * @param {string} path @param {string} lastId Continue after this event; '' for all. @param {AbortSignal} signal
 * @returns {AsyncGenerator<{event: string, id: string, data: any}, void, void>}
 */
export async function* events(path, lastId, signal) {
  const headers = { Accept: 'text/event-stream', ...(lastId ? { 'Last-Event-ID': lastId } : {}) };
  const answer = await send(path, { headers, signal });
  if (answer.status === 204) return;
  let fields = { event: 'message', id: '', data: '' };
  for await (const line of textLines(answer, signal)) {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (text === '') {
      if (fields.data) yield { ...fields, data: JSON.parse(fields.data) };
      fields = { event: 'message', id: fields.id, data: '' };
    } else if (!text.startsWith(':')) {
      const [name, value] = split(text);
      if (name === 'data') fields.data += fields.data ? `\n${value}` : value;
      else if (name === 'event' || name === 'id') fields[name] = value;
    }
  }
}

/** @param {string} line @returns {[string, string]} */
function split(line) {
  const at = line.indexOf(':');
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1).replace(/^ /, '')];
}

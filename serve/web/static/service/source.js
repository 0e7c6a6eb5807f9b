/** Where a document is, and how it is sent to a route. */

import { send } from './api.js';

/**
 * @typedef {{kind: 'file', name: string, file: Blob, password: string}} FileSource A file of this computer.
 * @typedef {{kind: 'place', name: string, place: string, password: string}} PlaceSource An address that the service reads.
 * @typedef {FileSource | PlaceSource} Sendable
 * @typedef {{kind: 'job', name: string, id: string, number: number, original: Sendable | null}} JobSource A document of
 *   a job; `original` if this page can send it again.
 * @typedef {{kind: 'gone', name: string}} GoneSource A document of which only the result is kept.
 * @typedef {Sendable | JobSource | GoneSource} Source
 * @typedef {Record<string, string | number | boolean | undefined>} Query
 */

/**
 * Make the query of a path.
 * @param {Query} parameters Those that are undefined, '' or false are left out.
 */
export function query(parameters) {
  const values = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== '' && value !== false) values.set(name, String(value));
  }
  const text = values.toString();
  return text ? `?${text}` : '';
}

/** The document in a form that a route takes; null if this page does not have it. @param {Source} source @returns {Sendable | null} */
export function sendable(source) {
  if (source.kind === 'job') return source.original;
  return source.kind === 'gone' ? null : source;
}

/**
 * Send a document to a route.
 * @param {string} path @param {Sendable} source @param {Query} parameters
 * @param {import('./api.js').Call} [call]
 */
export function post(path, source, parameters, call = {}) {
  /** @type {Record<string, string>} */
  const headers = { ...call.headers };
  if (source.password) headers['X-Document-Password'] = encodeURIComponent(source.password);
  const target = path + query(parameters);
  if (source.kind === 'place') {
    headers['Content-Type'] = 'application/json';
    return send(target, { ...call, method: 'POST', headers, body: JSON.stringify({ source: source.place }) });
  }
  headers['Content-Type'] = 'application/octet-stream';
  headers['X-File-Name'] = encodeURIComponent(source.name);
  return send(target, { ...call, method: 'POST', headers, body: source.file });
}

/** The name of the place `s3://bucket/folder/a.pdf`, for people. @param {string} place */
export const nameOfPlace = (place) => place.split(/[?#]/)[0]?.split('/').filter(Boolean).pop() ?? place;

/** The name without its ending. @param {string} name */
export const stem = (name) => name.replace(/^.*\//, '').replace(/(.)\.[^.]*$/, '$1') || 'document';

/**
 * Bytes, for people.
 * @param {number} bytes
 */
export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  const [value, unit] = bytes < 1024 ** 2 ? [bytes / 1024, 'KiB'] : [bytes / 1024 ** 2, 'MiB'];
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** Results that this browser keeps (IndexedDB): the newest, up to a number and a size. */

/**
 * @typedef {object} Kept
 * @property {string} key
 * @property {number} time Milliseconds since 1970.
 * @property {string} name
 * @property {number} bytes About what it takes.
 * @property {number} pages
 * @property {Record<string, string>} options
 * @property {string} place Address of the document; '' for a file.
 * @property {Blob | null} file Null if it was too large.
 * @property {import('../service/reading.js').Result} result
 */

/** The event of the document that tells that a result was kept. */
export const KEPT = 'kept';

const MOST = 40;
const MOST_BYTES = 128 * 1024 ** 2;
const LARGEST_FILE_BYTES = 16 * 1024 ** 2;
const OFF = 'rayocr-history-off';
const STORE = 'results';

/** Whether results are kept. */
export const keeps = () => localStorage.getItem(OFF) === null;

/** @param {boolean} on */
export function setKeeps(on) {
  if (on) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, 'off');
}

/**
 * Keep a result, and forget the oldest if there are too many.
 * @param {import('../service/reading.js').Reading} reading
 * @returns {Promise<string | null>} Its key; null if results are not kept.
 */
export async function keep(reading) {
  if (!keeps()) return null;
  const { source } = reading;
  const result = reading.result();
  const file = source.kind === 'file' && source.file.size <= LARGEST_FILE_BYTES ? source.file : null;
  const bytes = JSON.stringify(result).length + (file?.size ?? 0);
  if (bytes > MOST_BYTES / 2) return null;
  const key = `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}`;
  /** @type {Kept} */
  const kept = { key, time: Date.now(), name: source.name, bytes, pages: result.pages.length, options: reading.options, place: source.kind === 'place' ? source.place : '', file, result };
  try {
    await run('readwrite', (store) => store.put(kept));
    await forgetOldest();
  } catch {
    return null; // a private window, or a full disk: the page works without
  }
  document.dispatchEvent(new Event(KEPT));
  return key;
}

/** @param {string} key @returns {Promise<Kept | undefined>} */
export const kept = (key) => run('readonly', (store) => store.get(key));

/** All, the newest first. @returns {Promise<Kept[]>} */
export async function allKept() {
  const all = /** @type {Kept[]} */ (await run('readonly', (store) => store.getAll()));
  return all.sort((a, b) => b.time - a.time);
}

/** @param {string} key */
export const forget = (key) => run('readwrite', (store) => store.delete(key));

/** Forget all. */
export const empty = () => run('readwrite', (store) => store.clear());

async function forgetOldest() {
  let bytes = 0;
  for (const [index, one] of (await allKept()).entries()) {
    bytes += one.bytes;
    if (index >= MOST || bytes > MOST_BYTES) await forget(one.key);
  }
}

/**
 * @template T
 * @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest<T>} action
 * @returns {Promise<T>}
 */
async function run(mode, action) {
  const database = await opened();
  try {
    return await promised(action(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

/** @returns {Promise<IDBDatabase>} */
function opened() {
  const request = indexedDB.open('rayocr', 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'key' });
  return promised(request);
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function promised(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

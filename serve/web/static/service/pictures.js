/** Pictures of a document's pages: from the file itself if the browser can show it, else from the service. */

import { isMissing, send } from './api.js';
import { post, query, sendable } from './source.js';
import { t } from '../texts/texts.js';

/** @typedef {{url: string, width: number, height: number, pageCount: number}} Picture Of a page as it is stored; size of the picture in pixels. */

export const LARGE_PX = 1800;
export const SMALL_PX = 160;
/** Enough for a small picture of a page of 4 inches or more, and cheap to draw. */
const SMALL_DPI = '36';
/** Above it, the strip shows numbers alone: each small picture sends the whole file. */
const LARGEST_UPLOAD_FOR_THE_STRIP = 8 * 1024 ** 2;
const KEPT = { [LARGE_PX]: 6, [SMALL_PX]: 60 };
const AT_ONCE = 2;

/**
 * Loads pictures one after the other and forgets those that were not asked for the longest.
 * @example
 * const pictures = new Pictures(source, { dpi: '200' });
 * const { url } = await pictures.page(3, LARGE_PX);
 * pictures.close();
 */
export class Pictures {
  /** @type {Map<string, Promise<Picture>>} */
  #loaded = new Map();
  /** @type {(() => void)[]} */
  #queue = [];
  #busy = 0;
  /** Whether the service keeps the upload of a job, as far as is known. */
  #isKept = true;
  #abort = new AbortController();

  /** @param {import('./source.js').Source} source @param {Record<string, string>} options */
  constructor(source, options) {
    this.source = source;
    this.options = options;
  }

  /** Whether small pictures of many pages are cheap enough. */
  get forStrip() {
    return this.source.kind !== 'file' || this.source.file.size <= LARGEST_UPLOAD_FOR_THE_STRIP;
  }

  /** The picture of the file itself; null if the browser can't show it. @returns {Promise<Picture | null>} */
  async own() {
    if (this.source.kind !== 'file' || this.source.file.type === 'image/svg+xml') return null;
    const url = URL.createObjectURL(this.source.file);
    this.#abort.signal.addEventListener('abort', () => URL.revokeObjectURL(url));
    try {
      const { naturalWidth, naturalHeight } = await decoded(url);
      return { url, width: naturalWidth, height: naturalHeight, pageCount: 0 };
    } catch {
      return null;
    }
  }

  /**
   * The picture of a page from the service.
   * @param {number} page @param {typeof LARGE_PX | typeof SMALL_PX} width
   * @returns {Promise<Picture>}
   */
  page(page, width) {
    const key = `${width}/${page}`;
    const there = this.#loaded.get(key);
    const picture = there ?? this.#inTurn(() => this.#load(page, width), width === LARGE_PX);
    if (!there) picture.catch(() => this.#loaded.delete(key));
    this.#loaded.delete(key); // what was asked for last stands last
    this.#loaded.set(key, picture);
    this.#forget(width);
    return picture;
  }

  /** Drop requests and pictures. */
  close() {
    this.#abort.abort();
    this.#queue = [];
    for (const picture of this.#loaded.values()) picture.then(({ url }) => URL.revokeObjectURL(url), () => undefined);
    this.#loaded.clear();
  }

  /** @param {number} page @param {number} width @returns {Promise<Picture>} */
  async #load(page, width) {
    const answer = await this.#ask(page, width);
    const url = URL.createObjectURL(await answer.blob());
    try {
      const { naturalWidth, naturalHeight } = await decoded(url);
      if (this.#abort.signal.aborted) throw new Error('closed');
      return { url, width: naturalWidth, height: naturalHeight, pageCount: Number(answer.headers.get('X-Rayocr-Page-Count')) || 0 };
    } catch (error) {
      URL.revokeObjectURL(url);
      throw error;
    }
  }

  /** @param {number} page @param {number} width @returns {Promise<Response>} */
  async #ask(page, width) {
    const signal = this.#abort.signal;
    const call = { signal, onWait: () => undefined };
    const size = { width, dpi: width === SMALL_PX ? SMALL_DPI : this.options['dpi'] };
    if (this.source.kind === 'job' && this.#isKept) {
      try {
        return await send(`v1/jobs/${this.source.id}/files/${this.source.number}/pages/${page}/image${query(size)}`, call);
      } catch (error) {
        if (!isMissing(error)) throw error;
        this.#isKept = false;
      }
    }
    const source = sendable(this.source);
    if (!source) throw new Error(t(this.source.kind === 'job' ? 'uploadGone' : 'documentGone'));
    return post('v1/page-image', source, { page, ...size }, call);
  }

  /** @template T @param {() => Promise<T>} load @param {boolean} first @returns {Promise<T>} */
  #inTurn(load, first) {
    return new Promise((resolve, reject) => {
      const run = () => {
        this.#busy += 1;
        load().then(resolve, reject).finally(() => {
          this.#busy -= 1;
          this.#next();
        });
      };
      if (first) this.#queue.unshift(run);
      else this.#queue.push(run);
      this.#next();
    });
  }

  #next() {
    if (this.#busy < AT_ONCE) this.#queue.shift()?.();
  }

  /** @param {typeof LARGE_PX | typeof SMALL_PX} width */
  #forget(width) {
    const keys = [...this.#loaded.keys()].filter((key) => key.startsWith(`${width}/`));
    for (const key of keys.slice(0, Math.max(0, keys.length - KEPT[width]))) {
      this.#loaded.get(key)?.then(({ url }) => URL.revokeObjectURL(url), () => undefined);
      this.#loaded.delete(key);
    }
  }
}

/** @param {string} url @returns {Promise<HTMLImageElement>} */
async function decoded(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

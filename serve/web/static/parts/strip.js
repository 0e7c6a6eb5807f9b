/** The strip of a document's pages. Only what can be seen is in the DOM, however many pages there are. */

import { fill, make } from '../browser/dom.js';
import { SMALL_PX } from '../service/pictures.js';
import { t } from '../texts/texts.js';

/**
 * @typedef {object} Tile
 * @property {number} page
 * @property {'read' | 'failed' | 'waiting'} state
 */

const TILE_PX = 92;
const BEYOND = 3;
/** With the large picture, at most 30 pictures of pages are in the DOM. */
const MOST_TILES = 29;
const SETTLED_MS = 120;

export class Strip {
  /** @type {Tile[]} */
  #tiles = [];
  #current = 1;
  /** @type {import('../service/pictures.js').Pictures | null} */
  #pictures = null;
  /** @type {Map<number, {button: HTMLButtonElement, state: string}>} */
  #shown = new Map();
  #timer = 0;
  #track = make('div', { className: 'track' });

  /** @param {(page: number) => void} chosen */
  constructor(chosen) {
    this.chosen = chosen;
    this.element = make('nav', {
      className: 'strip',
      onscroll: () => this.#draw(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
    }, this.#track);
    new ResizeObserver(() => this.#draw()).observe(this.element);
  }

  /** @param {Tile[]} tiles @param {number} current @param {import('../service/pictures.js').Pictures | null} pictures */
  show(tiles, current, pictures) {
    this.element.setAttribute('aria-label', t('pages'));
    this.element.hidden = tiles.length < 2;
    if (pictures !== this.#pictures) this.#clear();
    this.#pictures = pictures;
    this.#tiles = tiles;
    const moved = current !== this.#current;
    this.#current = current;
    this.#track.style.width = `${tiles.length * TILE_PX}px`;
    if (moved) this.#reveal();
    this.#draw();
  }

  #clear() {
    this.#shown.clear();
    fill(this.#track);
    this.element.scrollLeft = 0;
  }

  #reveal() {
    const at = this.#tiles.findIndex((tile) => tile.page === this.#current) * TILE_PX;
    const { scrollLeft, clientWidth } = this.element;
    if (at < scrollLeft || at + TILE_PX > scrollLeft + clientWidth) this.element.scrollLeft = at - (clientWidth - TILE_PX) / 2;
  }

  #draw() {
    if (this.element.hidden) return;
    const { scrollLeft, clientWidth } = this.element;
    const first = Math.max(0, Math.floor(scrollLeft / TILE_PX) - BEYOND);
    const count = Math.min(MOST_TILES, Math.ceil(clientWidth / TILE_PX) + 2 * BEYOND);
    const visible = this.#tiles.slice(first, first + count);
    const pages = new Set(visible.map((tile) => tile.page));
    for (const [page, { button }] of this.#shown) {
      // The focused one stays, so that the keyboard does not lose its place.
      if (pages.has(page) || button === document.activeElement) continue;
      button.remove();
      this.#shown.delete(page);
    }
    visible.forEach((tile, index) => this.#drawTile(tile, first + index));
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#load(), SETTLED_MS);
  }

  /** @param {Tile} tile @param {number} index */
  #drawTile(tile, index) {
    let shown = this.#shown.get(tile.page);
    if (!shown) {
      const button = make('button', { type: 'button', onclick: () => this.chosen(tile.page) }, make('span', {}, String(tile.page)));
      button.style.left = `${index * TILE_PX}px`;
      shown = { button, state: '' };
      this.#shown.set(tile.page, shown);
      const after = [...this.#shown].filter(([page]) => page > tile.page).sort(([a], [b]) => a - b)[0];
      this.#track.insertBefore(button, after?.[1].button ?? null);
    }
    const { button } = shown;
    const current = tile.page === this.#current;
    const state = `${tile.state} ${current}`;
    if (shown.state === state) return;
    shown.state = state;
    button.className = tile.state;
    button.tabIndex = current ? 0 : -1;
    if (current) button.setAttribute('aria-current', 'page');
    else button.removeAttribute('aria-current');
    const label = { read: 'pageRead', failed: 'pageFailed', waiting: 'pageWaiting' }[tile.state];
    button.setAttribute('aria-label', t(/** @type {'pageRead' | 'pageFailed' | 'pageWaiting'} */ (label), { page: tile.page }));
  }

  #load() {
    const pictures = this.#pictures;
    if (!pictures?.forStrip) return;
    for (const [page, { button, state }] of this.#shown) {
      // A page that waits is not drawn yet: drawing would hold up the reading.
      if (button.dataset['asked'] || state.startsWith('waiting')) continue;
      button.dataset['asked'] = 'yes';
      const image = make('img', { alt: '', 'data-page': page });
      button.prepend(image);
      pictures.page(page, SMALL_PX).then(({ url }) => { image.src = url; }, () => image.remove());
    }
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const at = this.#tiles.findIndex((tile) => tile.page === this.#current);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: this.#tiles.length - 1 }[event.key];
    const tile = to === undefined ? undefined : this.#tiles[to];
    if (!tile) return;
    event.preventDefault();
    this.chosen(tile.page);
    this.#shown.get(tile.page)?.button.focus();
  }
}

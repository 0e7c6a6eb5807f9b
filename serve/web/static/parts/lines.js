/** The text of a page beside its picture, a line a row, in reading order. */

import { announce, copy, fill, make } from '../browser/dom.js';
import { t } from '../texts/texts.js';

/** @typedef {import('../service/reading.js').Line} Line */

/** Lines are one stop of the Tab key; the arrow keys go from line to line. */
export class LineList {
  /** @type {HTMLButtonElement[]} */
  #rows = [];
  /** @type {Line[]} */
  #lines = [];

  /** @param {(index: number | null, reveal: boolean) => void} pointed */
  constructor(pointed) {
    this.pointed = pointed;
    this.element = make('ol', { className: 'lines', onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event) });
    this.element.addEventListener('pointerleave', () => pointed(null, false));
  }

  /** @param {Line[]} lines */
  show(lines) {
    this.element.setAttribute('aria-label', t('textOfPage'));
    this.#lines = lines;
    this.#rows = lines.map((line, index) => make('button', {
      type: 'button',
      tabIndex: index === 0 ? 0 : -1,
      title: t('clickCopies'),
      onclick: () => this.copy(index),
      onfocus: () => this.pointed(index, true),
      onpointerenter: () => this.pointed(index, true),
    },
      make('span', { className: 'text', dir: 'auto' }, line.text),
      make('span', { className: 'confidence' }, percent(line.confidence))));
    fill(this.element, ...this.#rows.map((row) => make('li', {}, row)));
  }

  /** Copy the text of a line. @param {number} index */
  async copy(index) {
    const line = this.#lines[index];
    if (!line) return;
    await copy(line.text);
    announce(t('copied', { text: line.text.length > 60 ? `${line.text.slice(0, 60)}…` : line.text }));
  }

  /** Mark the row of a line, and bring it into view. @param {number | null} index @param {boolean} reveal */
  mark(index, reveal) {
    this.#rows.forEach((row, at) => row.classList.toggle('marked', at === index));
    const marked = index === null ? undefined : this.#rows[index];
    if (marked && reveal) this.#reveal(marked);
  }

  /** @param {HTMLElement} row Brought into view inside the list alone: the page itself stays. */
  #reveal(row) {
    const [box, list] = [row.getBoundingClientRect(), this.element.getBoundingClientRect()];
    if (box.top < list.top) this.element.scrollTop -= list.top - box.top;
    if (box.bottom > list.bottom) this.element.scrollTop += box.bottom - list.bottom;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const at = this.#rows.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: this.#rows.length - 1 }[event.key];
    const row = to === undefined ? undefined : this.#rows[to];
    if (!row) return;
    event.preventDefault();
    this.#rows.forEach((other) => { other.tabIndex = other === row ? 0 : -1; });
    row.focus();
  }
}

/** @param {number} share */
export const percent = (share) => `${Math.floor(share * 100)} %`;

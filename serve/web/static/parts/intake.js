/** The ways into the page: choose, drop, paste, camera, folder, and the address of a document. */

import { info } from '../service/api.js';
import { byId, make } from '../browser/dom.js';
import { size } from '../service/source.js';
import { t } from '../texts/texts.js';

/** @typedef {{file: File, name: string}} Given A file, and its path in the folder that was dropped. */

const PICTURES_AND_PDF = 'image/*,application/pdf,.tif,.tiff,.heic,.heif,.avif,.jp2,.j2k,.pbm,.pgm,.ppm,.pnm,.pcx,.tga';

/** A button that lets the browser choose files. */
export class Chooser {
  /**
   * @param {import('../texts/texts.js').Key} text
   * @param {Record<string, unknown>} properties Of the input.
   * @param {(given: Given[]) => void} taken
   */
  constructor(text, properties, taken) {
    const input = make('input', {
      type: 'file',
      accept: PICTURES_AND_PDF,
      onchange: () => {
        const given = [...(input.files ?? [])].map((file) => ({ file, name: file.webkitRelativePath || file.name }));
        input.value = ''; // the same file can be chosen again
        if (given.length) taken(given);
      },
      ...properties,
    });
    if (properties['capture']) input.setAttribute('capture', String(properties['capture']));
    this.element = make('label', {}, input, make('span', { className: 'button' }, t(text)));
  }
}

/**
 * A field for an address, with its button.
 * @param {import('../texts/texts.js').Key} label @param {import('../texts/texts.js').Key} action
 * @param {string} value @param {(address: string) => void} typed @param {(address: string) => void} taken
 */
export function addressForm(label, action, value, typed, taken) {
  const input = make('input', { type: 'text', value, 'aria-label': t(label), placeholder: t(label), spellcheck: false, oninput: () => typed(input.value) });
  return make('form', {
    onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      if (input.value.trim()) taken(input.value.trim());
    },
  }, input, make('button', { type: 'submit' }, t(action)));
}

/**
 * The reason why a file can't be sent, in a sentence; '' if it can.
 * @param {File} file @param {string} name
 */
export function refusal(file, name) {
  if (file.size === 0) return t('fileEmpty', { name });
  const limit = info()?.max_body_bytes ?? Infinity;
  return file.size > limit ? t('fileTooLarge', { name, size: size(file.size), limit: size(limit) }) : '';
}

/**
 * Take files that are dropped anywhere or pasted.
 * @param {(given: Given[]) => void} taken @param {(text: string) => void} pasted Takes an address that was pasted.
 */
export function wireDropAndPaste(taken, pasted) {
  const hint = byId('drop-hint');
  let inside = 0;
  const withFiles = (/** @type {DragEvent} */ event) => Boolean(event.dataTransfer?.types.includes('Files'));
  window.addEventListener('dragenter', (event) => {
    if (withFiles(event)) hint.hidden = !(inside += 1);
  });
  window.addEventListener('dragleave', (event) => {
    if (withFiles(event)) hint.hidden = !(inside = Math.max(0, inside - 1));
  });
  window.addEventListener('dragover', (event) => {
    if (withFiles(event)) event.preventDefault();
  });
  window.addEventListener('drop', async (event) => {
    if (!withFiles(event) || !event.dataTransfer) return;
    event.preventDefault();
    inside = 0;
    hint.hidden = true;
    const given = await filesOf(event.dataTransfer);
    if (given.length) taken(given);
  });
  document.addEventListener('paste', (event) => {
    const field = event.target instanceof HTMLElement && event.target.matches('input, textarea');
    const files = [...(event.clipboardData?.files ?? [])];
    const text = event.clipboardData?.getData('text/plain').trim() ?? '';
    if (files.length) taken(files.map((file) => ({ file, name: file.name })));
    else if (!field && /^(s3|https):\/\/\S+$/.test(text)) pasted(text);
    else return;
    event.preventDefault();
  });
}

/** The files of a drop, those in folders too. @param {DataTransfer} transfer @returns {Promise<Given[]>} */
async function filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  if (!entries.some((entry) => entry?.isDirectory)) return [...transfer.files].map((file) => ({ file, name: file.name }));
  const found = await Promise.all(entries.map((entry) => (entry ? walk(entry) : [])));
  return found.flat();
}

/** @param {FileSystemEntry} entry @returns {Promise<Given[]>} */
async function walk(entry) {
  if (entry.isFile) {
    const file = await new Promise((/** @type {(file: File) => void} */ resolve, reject) => {
      /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject);
    });
    return [{ file, name: entry.fullPath.replace(/^\//, '') }];
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  const found = [];
  for (;;) {
    // A reader gives some entries at a time, and none at the end.
    const some = await new Promise((/** @type {(some: FileSystemEntry[]) => void} */ resolve, reject) => { reader.readEntries(resolve, reject); });
    if (!some.length) return found;
    for (const one of some) found.push(...await walk(one));
  }
}

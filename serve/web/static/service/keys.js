/** The API key of this browser, and the dialog that asks for it. */

import { byId } from '../browser/dom.js';
import { t } from '../texts/texts.js';

const NAME = 'rayocr-api-key';

/** @type {Promise<boolean> | null} */
let asking = null;

/** The key to send; '' without one. It lives as long as the tab unless the person asked to remember it. */
export function apiKey() {
  return sessionStorage.getItem(NAME) ?? localStorage.getItem(NAME) ?? '';
}

/** @param {string} key @param {boolean} remember */
function keep(key, remember) {
  sessionStorage.removeItem(NAME);
  localStorage.removeItem(NAME);
  if (key) (remember ? localStorage : sessionStorage).setItem(NAME, key);
}

/**
 * Ask for a key. Requests that ask at the same time share one dialog.
 * @param {string} reason The sentence above the field.
 * @returns {Promise<boolean>} Whether a key was given.
 */
export function askForKey(reason) {
  asking ??= dialog(reason).finally(() => { asking = null; });
  return asking;
}

/** @param {string} reason @returns {Promise<boolean>} */
function dialog(reason) {
  const box = /** @type {HTMLDialogElement} */ (byId('key-dialog'));
  const input = /** @type {HTMLInputElement} */ (byId('key-input'));
  const remember = /** @type {HTMLInputElement} */ (byId('key-remember'));
  byId('key-reason').textContent = reason;
  byId('key-forget').hidden = !apiKey();
  input.value = '';
  remember.checked = localStorage.getItem(NAME) !== null;
  box.returnValue = '';
  byId('key-cancel').onclick = () => box.close('');
  byId('key-forget').onclick = () => {
    keep('', false);
    box.close('');
  };
  return new Promise((resolve) => {
    box.onclose = () => {
      const key = input.value.trim();
      const given = box.returnValue === 'use' && key !== '';
      if (given) keep(key, remember.checked);
      input.value = '';
      resolve(given);
    };
    box.showModal();
    input.focus();
  });
}

/** Let the button in the header change the key. @param {() => void} changed Called after a new key was given. */
export function wireKeyButton(changed) {
  const button = byId('key-button');
  button.hidden = false;
  button.onclick = async () => {
    if (await askForKey(t('keyChange'))) changed();
  };
}

/** The drawer with the options of the API, in the API's own words. */

import { fill, make } from '../browser/dom.js';
import { info } from '../service/api.js';
import { PARTS } from '../service/structure.js';
import { t } from '../texts/texts.js';

/** @typedef {'pages' | 'dpi' | 'text_layer' | 'orientation' | 'model' | 'languages' | 'structure' | 'furniture' | 'characters' | 'spreadsheet_safe' | 'password' | 'format'} Name */

/** Keeps what was typed when the language changes. */
export class Options {
  /** @type {Record<string, string>} */
  #values = {};

  /** @param {Name[]} names The options that it offers. */
  constructor(names) {
    this.names = names;
    this.element = make('details', { className: 'panel options-drawer' });
    this.words();
  }

  /** Write the texts in the language of now. */
  words() {
    fill(this.element, make('summary', {}, t('options')), make('div', { className: 'options' }, ...this.names.filter(hasChoice).map((name) => this.#field(name))));
  }

  /** The options that were set, but the password. @returns {Record<string, string>} */
  values() {
    return Object.fromEntries(Object.entries(this.#values).filter(([name, value]) => value !== '' && name !== 'password'));
  }

  get password() {
    return this.#values['password'] ?? '';
  }

  /** Open the drawer at the field for the password. */
  askForPassword() {
    this.element.open = true;
    /** @type {HTMLInputElement | null} */ (this.element.querySelector('[name="password"]'))?.focus();
  }

  /** @param {Name} name */
  #field(name) {
    const help = t(/** @type {'help_pages'} */ (`help_${name}`));
    const label = t(/** @type {'option_pages'} */ (`option_${name}`));
    const changed = (/** @type {Event} */ event) => {
      const field = /** @type {HTMLInputElement} */ (event.target);
      this.#values[name] = field.type === 'checkbox' ? (field.checked ? 'true' : '') : field.value.trim();
    };
    const value = this.#values[name] ?? '';
    if (name === 'structure') return this.#parts(label, help);
    if (name === 'characters' || name === 'spreadsheet_safe') {
      const box = make('input', { type: 'checkbox', name, checked: value === 'true', onchange: changed });
      return make('div', {}, make('label', { className: 'check' }, box, make('span', {}, label)), make('small', {}, help));
    }
    const field = this.#choices(name, value, changed) ?? make('input', { name, value, oninput: changed, ...TYPES[name] });
    return make('label', {}, make('span', {}, label), field, make('small', {}, help));
  }

  /** A box for each part of the structure. @param {string} label @param {string} help */
  #parts(label, help) {
    const asked = (this.#values['structure'] ?? '').split(',');
    const boxes = PARTS.map((part) => make('input', { type: 'checkbox', name: 'structure', value: part, checked: asked.includes(part), onchange: () => {
      this.#values['structure'] = boxes.filter((box) => box.checked).map((box) => box.value).join(',');
    } }));
    return make('fieldset', { className: 'parts' }, make('legend', {}, label),
      ...PARTS.map((part, index) => make('label', { className: 'check' }, boxes[index], make('span', {}, part))),
      make('small', {}, help));
  }

  /** @param {Name} name @param {string} value @param {(event: Event) => void} changed */
  #choices(name, value, changed) {
    const choices = CHOICES[name]?.();
    if (!choices) return null;
    const field = make('select', { name, onchange: changed }, ...choices.map((choice) => make('option', { value: choice }, choice)));
    field.value = value || (choices[0] ?? '');
    return field;
  }
}

/** The first is the default. @type {Partial<Record<Name, () => string[]>>} */
const CHOICES = {
  text_layer: () => ['auto', 'always', 'never'],
  orientation: () => ['auto', 'keep'],
  furniture: () => (info()?.structure === false ? [] : ['keep', 'drop']),
  model: () => info()?.models ?? [],
  format: () => info()?.formats ?? ['json'],
};

/** Whether there is anything to choose: most services have one model, and some no structure. @param {Name} name */
const hasChoice = (name) => (name === 'structure' ? info()?.structure !== false : (CHOICES[name]?.().length ?? 2) > 1);

/** @type {Partial<Record<Name, Record<string, unknown>>>} */
const TYPES = {
  pages: { type: 'text', placeholder: '1-3,7,10-', autocomplete: 'off' },
  languages: { type: 'text', placeholder: 'auto', autocomplete: 'off' },
  dpi: { type: 'number', min: 36, max: 1200, inputMode: 'numeric' },
  password: { type: 'password', autocomplete: 'off' },
};

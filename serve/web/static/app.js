/** Starts the page: language, theme, the API key, and the view that the address names. */

import { info, loadInfo } from './service/api.js';
import { BatchView } from './views/batch.js';
import { BACK } from './service/connection.js';
import { byId } from './browser/dom.js';
import { HistoryView } from './views/history.js';
import { wireDropAndPaste } from './parts/intake.js';
import { wireKeyButton } from './service/keys.js';
import { ReadView } from './views/read.js';
import { VIEWS, go, route } from './browser/route.js';
import { SystemView } from './views/system.js';
import { language, setLanguage, t } from './texts/texts.js';

const THEME = 'rayocr-theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

const batch = new BatchView(byId('batch'));
const read = new ReadView(byId('read'), (given) => toBatch(given));
const history_ = new HistoryView(byId('history'));
const system = new SystemView(byId('system'));
/** @type {Record<string, {show: (state: import('./browser/route.js').Route) => void, hide?: () => void, words: () => void}>} */
const views = { read, batch, history: history_, system };

/** @param {import('./parts/intake.js').Given[]} given */
function toBatch(given) {
  batch.take(given);
  if (route().view !== 'batch') go({ view: 'batch' });
}

function showView() {
  const state = route();
  for (const name of VIEWS) {
    const current = name === state.view;
    byId(name).hidden = !current;
    const link = document.querySelector(`#views a[data-view="${name}"]`);
    if (current) link?.setAttribute('aria-current', 'page');
    else link?.removeAttribute('aria-current');
    if (!current) views[name]?.hide?.();
  }
  document.title = `${t(/** @type {'viewRead'} */ (`view${state.view[0]?.toUpperCase()}${state.view.slice(1)}`))} · rayocr`;
  views[state.view]?.show(state);
}

/** Write the texts of index.html in the language of now. */
function writeWords() {
  document.documentElement.lang = language() === 'zh' ? 'zh-Hans' : 'en';
  const keyOf = (/** @type {Element} */ element, /** @type {string} */ name) => /** @type {import('./texts/texts.js').Key} */ (element.getAttribute(name));
  document.querySelectorAll('[data-text]').forEach((element) => { element.textContent = t(keyOf(element, 'data-text')); });
  document.querySelectorAll('[data-label]').forEach((element) => element.setAttribute('aria-label', t(keyOf(element, 'data-label'))));
}

function wireLanguage() {
  const select = /** @type {HTMLSelectElement} */ (byId('language'));
  select.value = language();
  select.onchange = () => {
    setLanguage(select.value);
    writeWords();
    for (const view of Object.values(views)) view.words();
    showView();
  };
}

function wireTheme() {
  const select = /** @type {HTMLSelectElement} */ (byId('theme'));
  const apply = () => {
    const theme = select.value === 'auto' ? (dark.matches ? 'dark' : 'light') : select.value;
    document.documentElement.dataset['theme'] = theme;
  };
  select.value = localStorage.getItem(THEME) ?? 'auto';
  select.onchange = () => {
    localStorage.setItem(THEME, select.value);
    apply();
  };
  dark.addEventListener('change', apply);
  apply();
}

async function learn() {
  try {
    const known = await loadInfo();
    if (known.api_key_needed) wireKeyButton(showView);
  } catch {
    return; // the banner says that the service does not answer
  }
  for (const view of Object.values(views)) view.words();
}

writeWords();
wireTheme();
wireLanguage();
wireDropAndPaste((given) => {
  if (given.length > 1 || route().view === 'batch') toBatch(given);
  else read.take(given);
}, (place) => read.takePlace(place));
window.addEventListener('hashchange', showView);
document.addEventListener(BACK, () => {
  if (!info()) learn();
});
await learn();
showView();

/** The state of the page that the address carries: view, document and page number. */

/**
 * @typedef {object} Route
 * @property {string} view One of `VIEWS`.
 * @property {string | null} job Id of a job.
 * @property {number | null} document Number of a document of that job.
 * @property {string | null} kept Key of a result that this browser keeps.
 * @property {number} page Number of the page that is shown, from 1.
 */

export const VIEWS = ['read', 'batch', 'history', 'system'];

/** @returns {Route} */
export function route() {
  const values = new URLSearchParams(location.hash.slice(1));
  const view = values.get('view') ?? 'read';
  return {
    view: VIEWS.includes(view) ? view : 'read',
    job: values.get('job'),
    document: numberOf(values.get('document')),
    kept: values.get('kept'),
    page: numberOf(values.get('page')) ?? 1,
  };
}

/**
 * The address of a state.
 * @param {Partial<Route>} state
 */
export function address(state) {
  const values = new URLSearchParams({ view: state.view ?? 'read' });
  if (state.job) values.set('job', state.job);
  if (state.document) values.set('document', String(state.document));
  if (state.kept) values.set('kept', state.kept);
  if (state.page && state.page > 1) values.set('page', String(state.page));
  return `#${values}`;
}

/**
 * Go to a state: the back button returns.
 * @param {Partial<Route>} state
 */
export function go(state) {
  location.hash = address(state);
}

/**
 * Note a state in the address without leaving the one before, such as the page of a document.
 * @param {Partial<Route>} state
 */
export function note(state) {
  history.replaceState(null, '', address(state));
}

/** @param {string | null} text */
function numberOf(text) {
  return text && /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : null;
}

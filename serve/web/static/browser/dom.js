/** Builds elements. Text is always set as text: nothing here takes HTML. */

/** @typedef {string | Node | null | undefined | false} Child */

/**
 * Make an HTML element.
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, unknown>} [properties] `on...` are listeners, functions only; names with a dash are attributes;
 *   others are properties.
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (key.startsWith('on') && typeof value === 'function') {
      element.addEventListener(key.slice(2), /** @type {EventListener} */ (value));
    } else if (key.includes('-') || key === 'role' || key === 'for' || key === 'lang') {
      element.setAttribute(key, String(value));
    } else {
      Reflect.set(element, key, value);
    }
  }
  element.append(...present(children));
  return element;
}

/**
 * Make an SVG element.
 * @template {keyof SVGElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string | number>} [attributes]
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[Name]}
 */
export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...present(children));
  return element;
}

/**
 * Put children in the place of those that an element has.
 * @param {Element} element
 * @param {...Child} children
 */
export function fill(element, ...children) {
  element.replaceChildren(...present(children));
}

/**
 * The element of an id, which index.html has.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no element ${id}`);
  return element;
}

/**
 * Let many calls in a row become one, before the browser draws the next time.
 * @param {() => void} draw
 */
export function soon(draw) {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      draw();
    });
  };
}

/**
 * Tell screen readers what others see.
 * @param {string} text
 */
export function speak(text) {
  byId('spoken').textContent = text;
}

let silence = 0;

/**
 * Tell what has just happened, also to screen readers, for some seconds.
 * @param {string} text
 */
export function announce(text) {
  byId('status').textContent = text;
  window.clearTimeout(silence);
  silence = window.setTimeout(() => { byId('status').textContent = ''; }, 4000);
}

/**
 * Copy a text to the clipboard, also on pages without TLS, where browsers offer no `navigator.clipboard`.
 * @param {string} text
 * @returns {Promise<void>}
 */
export async function copy(text) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return;
    } catch {
      // Not allowed here: the way below may be.
    }
  }
  const focused = document.activeElement;
  const area = make('textarea', { value: text });
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
}

/**
 * Save a file as the browser saves downloads.
 * @param {Blob} content
 * @param {string} name
 */
export function save(content, name) {
  const url = URL.createObjectURL(content);
  follow(url, name);
  window.setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/**
 * Follow a link that downloads.
 * @param {string} url
 * @param {string} name '' for the name that the service gives.
 */
export function follow(url, name) {
  const link = make('a', { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}

/** @param {Child[]} children */
function present(children) {
  return /** @type {(string | Node)[]} */ (children.filter((child) => child !== null && child !== undefined && child !== false));
}

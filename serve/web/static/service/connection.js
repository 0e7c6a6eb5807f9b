/** Tells that the service does not answer, and notices when it does again. */

import { announce, byId } from '../browser/dom.js';
import { t } from '../texts/texts.js';

/** The event of `document` that tells that the service answers again. */
export const BACK = 'rayocr-back';

const LONGEST_PAUSE_MS = 5000;
let watching = false;

/** A request got no answer: look until the service answers. */
export async function lost() {
  if (watching) return;
  watching = true;
  const banner = byId('connection');
  for (let pause = 500; !(await answers()); pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
    if (banner.hidden) {
      banner.textContent = t('connectionLost');
      banner.hidden = false;
    }
    await new Promise((resolve) => { window.setTimeout(resolve, pause); });
  }
  watching = false;
  if (!banner.hidden) {
    banner.hidden = true;
    announce(t('connectionBack'));
  }
  document.dispatchEvent(new Event(BACK));
}

async function answers() {
  try {
    return (await fetch(new URL('readyz', document.baseURI), { cache: 'no-store' })).ok;
  } catch {
    return false;
  }
}

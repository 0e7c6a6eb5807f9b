/** Every text of the page in English, and the way to those of the language of now. Chinese is in `chinese.js`. */

import { CHINESE } from './chinese.js';

/** @typedef {keyof typeof ENGLISH} Key */

const NAME = 'rayocr-language';

export const ENGLISH = {
  // Frame
  views: 'Views',
  viewRead: 'Read',
  viewBatch: 'Batch',
  viewHistory: 'History',
  viewSystem: 'System',
  language: 'Language',
  theme: 'Colors',
  themeAuto: 'Auto',
  themeLight: 'Light',
  themeDark: 'Dark',
  cancel: 'Cancel',
  stop: 'Stop',
  more: 'More',
  clear: 'Clear',
  tryAgain: 'Try again',
  yes: 'yes',
  progress: 'Progress',
  request: 'request',

  // API key
  key: 'API key',
  keyTitle: 'API key',
  keyLabel: 'Key',
  keyRemember: 'Remember it in this browser',
  keyUse: 'Use it',
  keyForget: 'Forget it',
  keyChange: 'Give another key, or let this browser forget the one that it has.',
  keyNeeded: 'This service asks for an API key. The operator of the service has one for you.',
  keyUnknown: 'The service does not know this key: it may be mistyped, expired or withdrawn. Give another one; your document stays here.',
  keyRefused: 'The service asks for a valid API key. Try again and give one; your document is still here.',

  // Connection
  connectionLost: 'The service does not answer. This page looks for it again every few seconds; what you dropped or typed stays here.',
  connectionBack: 'The service answers again.',
  brokenOff: 'The connection broke off before the whole answer came. Your document is still here: try again.',
  otherAnswer: 'Something between this page and the service answered with the status {status}. Try again, or ask the operator.',
  fullWait: 'The service is full. The next attempt ({attempt} of 3) is in {seconds} s.',

  // Taking documents
  dropHere: 'Drop a document here',
  orPaste: 'or paste a picture or an address.',
  chooseFile: 'Choose a file',
  chooseFiles: 'Choose files',
  chooseFolder: 'Choose a folder',
  camera: 'Camera',
  addressOfDocument: 'Address: s3://… or https://…',
  readAddress: 'Read',
  formatsRead: 'PDF, JPEG, PNG, TIFF, WebP, HEIC, AVIF, JPEG 2000, GIF, BMP, Netpbm, PCX and TGA. Several files become a job.',
  fileEmpty: '{name} is empty (0 bytes) and was not sent. Choose another file, or save it again.',
  fileTooLarge: '{name} has {size}; this service takes at most {limit} a file. It was not sent. Send a smaller scan, or parts of it.',

  // Options, in the API's own words
  options: 'Options',
  option_pages: 'pages',
  help_pages: 'Pages to read: numbers and ranges, 5- to the end, -3 from the first. All if empty.',
  option_dpi: 'dpi',
  help_dpi: 'Resolution at which the pages of a PDF are drawn, 36 to 1200. Chosen for each page if empty.',
  option_text_layer: 'text_layer',
  help_text_layer: 'When to take the text that a PDF carries instead of reading the page: auto takes visible, real text, and reads the rest; always takes any text, and reads nothing; never takes none.',
  option_orientation: 'orientation',
  help_orientation: 'auto turns sideways and upside-down pages upright; keep reads them as they are.',
  option_model: 'model',
  help_model: 'The model bundle that reads. One that is not loaded yet needs some seconds the first time.',
  option_languages: 'languages',
  help_languages: 'Those of the text, such as ru or ar,en. auto tells the script of each line. Empty: those of the model.',
  option_structure: 'structure',
  help_structure: 'What the page is made of: regions in order, tables, labels with their values, check boxes and signatures, bar codes. Each part takes time.',
  option_furniture: 'furniture',
  help_furniture: 'With the layout, drop leaves headers, footers and page numbers out of text and Markdown.',
  option_characters: 'characters',
  help_characters: 'Give each word its characters, with confidence and polygon.',
  option_spreadsheet_safe: 'spreadsheet_safe',
  help_spreadsheet_safe: 'Put an apostrophe before words of a TSV, and cells of a CSV, that begin with =, +, - or @, which spreadsheets take for formulas.',
  option_password: 'password',
  help_password: 'Opens an encrypted PDF. It is never part of an address, a log or the history.',
  option_format: 'format',
  help_format: 'What the results of the job are. Only those in json can be opened on this page.',

  // A reading
  sending: 'Sending…',
  readingPages: 'Reading. Pages: {read} of {count}…',
  stateDone: 'Read. Pages: {read}; model: {model}.',
  stateFailed: 'Not read.',
  stateStopped: 'Stopped. Pages read: {read}.',
  goOn: 'Go on',
  readAgain: 'Read again',
  readAgainHelp: 'Read the document again with the options of now',
  notKept: 'This browser does not keep that result any more. Read the document again.',
  uploadGone: 'The service keeps the result of this document, and not its upload.',
  documentGone: 'Only the result is kept, not the document.',
  pages: 'Pages',
  page: 'Page',
  pageRead: 'Page {page}',
  pageFailed: 'Page {page}, which could not be read',
  pageWaiting: 'Page {page}, not read yet',
  pageBefore: 'Page before',
  pageAfter: 'Next page',
  ofPages: 'of {count}',
  pagePicture: 'Picture of the page with boxes. Zoom with plus, minus and 0.',
  noPicture: 'The picture of this page can’t be shown.',
  zoomIn: 'Larger',
  zoomOut: 'Smaller',
  zoomFit: 'Whole page',
  textOfPage: 'Text',
  lineCount: 'lines: {count}',
  linesHidden: '({count} more are hidden by the least confidence)',
  noText: 'There is no text on this page.',
  notYetRead: 'not read yet',
  fromTextLayer: '· from the text layer of the PDF',
  clickCopies: 'A click copies this line',
  copied: 'Copied: {text}',
  confidence: 'Confidence {share}',

  // Structure
  structure: 'Structure',
  layers: 'Drawn over the picture',
  layer_lines: 'Lines',
  layer_regions: 'Regions',
  layer_tables: 'Tables',
  layer_fields: 'Fields',
  layer_marks: 'Marks',
  layer_codes: 'Codes',
  noneFound: 'None on this page.',
  tableNumber: 'Table {number}',
  tableOf: 'Table {number}. Rows: {rows}; columns: {columns}.',
  tableContinues: 'It goes on from the page before.',
  copyCsv: 'Copy as CSV',
  csvCopied: 'The table is copied as CSV.',
  signed: 'signed',
  notSigned: 'not signed',
  mark_checkbox: 'check box',
  mark_radio: 'radio button',
  mark_signature: 'signature',
  region_title: 'title',
  region_text: 'text',
  region_list: 'list',
  region_table: 'table',
  region_figure: 'figure',
  region_caption: 'caption',
  region_header: 'header',
  region_footer: 'footer',
  region_formula: 'formula',
  region_page_number: 'page number',
  region_reference: 'reference',

  // Sliders
  sliders: 'Confidence and detector',
  leastConfidence: 'Least confidence of lines',
  detector: 'Detector',
  detectorHelp: 'Search this page again with other thresholds. It shows boxes without text.',
  threshold: 'threshold: a pixel above it is text',
  boxThreshold: 'box_threshold: least mean of a box',
  unclipRatio: 'unclip_ratio: how far boxes grow',
  thorough: 'thorough: search at the full size',
  searching: 'Searching…',
  boxesFound: 'Boxes found: {count}.',
  backToText: 'Back to the text',

  // Take away
  takeAway: 'Take away',
  copyAll: 'Copy all text',
  textCopied: 'The text is copied.',
  formatText: 'Text',
  formatPdf: 'Searchable PDF',
  formatArchive: 'PDF and JSON (zip)',
  formatBoxes: 'Picture with boxes',
  making: 'Making the file…',
  notHere: 'Other formats need the document, which is not here any more. Drop it again to get them.',
  asCurl: 'The same with curl',
  copyCommand: 'Copy the command',
  commandCopied: 'The command is copied.',

  // Jobs
  dropMany: 'Drop files or folders here: they become a job.',
  prefix: 'Prefix: s3://bucket/folder/',
  usePrefix: 'Hand in',
  tooManyFiles: '{name} was left out: a job takes at most {limit} files. Hand in this one first, then another.',
  jobTooLarge: '{name} was left out: a job takes at most {limit}. Hand in this one first, then another.',
  filesChosen: 'Files: {count}, {size}:',
  handIn: 'Hand in as a job',
  handingIn: 'Handing in…',
  job: 'Job',
  jobs: 'Jobs',
  documents: 'Documents',
  number: 'No.',
  name: 'Name',
  state: 'State',
  details: 'Details',
  open: 'open',
  job_queued: 'Queued',
  job_running: 'Running',
  job_succeeded: 'Done',
  job_partial: 'Done, some failed',
  job_failed: 'Failed',
  job_cancelled: 'Cancelled',
  row_waiting: 'waiting',
  row_done: 'done',
  row_failed: 'failed',
  row_cancelled: 'cancelled',
  jobCounts: '{done} done, {failed} failed, {total} in all',
  queuePosition: 'Place in the queue: {position}',
  pageCount: 'pages: {count}',
  downloadAll: 'Download all (zip)',
  retryFailed: 'Retry the failed ones ({count})',
  failedOnly: 'Show only failed ones',
  cancelJob: 'Cancel the job',
  deleteJob: 'Delete',
  deleteNamed: 'Delete {name}',
  jobDeleted: 'The job is deleted.',
  chooseAgain: 'This page was loaded again since, and does not have the files any more. Choose these again:',
  rowsBefore: 'Rows before',
  rowsAfter: 'Next rows',
  rowsShown: '{from} to {to} of {count}',
  notSettled: 'Document {number} of this job is not read yet.',
  otherFormat: '{name} is a file of another format, which can’t be shown here. It was saved as a download.',
  noJobs: 'This service has no jobs.',

  // History
  historyHere: 'In this browser',
  historyHereHelp: 'The newest results that you read on this page, at most 40 and 128 MiB. They stay in this browser.',
  historyKeep: 'Keep results in this browser',
  historyEmpty: 'Empty',
  historyEmptied: 'The results are forgotten.',
  historyServer: 'Jobs on the service',
  nothingYet: 'Nothing yet.',
  time: 'Time',
  size: 'Size',
  forget: 'Forget',
  forgetNamed: 'Forget {name}',

  // System
  service: 'Service',
  readiness: 'Readiness',
  ready: 'Every stage answers: reader, detection and recognition.',
  notReady: 'Not ready:',
  stage: 'Stage',
  replicas: 'Replicas',
  asking: 'Asking…',
  askAgain: 'Ask again',
  version: 'Version',
  languages: 'Languages',
  largestFile: 'Largest file',
  mostPages: 'Most pages of a document',
  formats: 'Formats',
  models: 'Models',
  inUse: 'In use',
  description: 'Description',
  license: 'License',
  links: 'Links',
  linkDocs: 'Try the HTTP API (Swagger UI)',
  linkRedoc: 'Read the HTTP API (ReDoc)',
  linkOpenapi: 'Its machine-readable description (OpenAPI)',
  metricsHelp: 'Prometheus metrics are on a port of their own; its number is the setting ray.metrics_port.',
};

let current = chosen();

/** @returns {'en' | 'zh'} The language of now. */
export function language() {
  return current;
}

/** @param {string} name */
export function setLanguage(name) {
  localStorage.setItem(NAME, name);
  current = chosen();
}

/**
 * A text in the language of now.
 * @param {Key} key @param {Record<string, string | number>} [values] What stands in braces.
 */
export function t(key, values = {}) {
  const text = (current === 'zh' ? CHINESE : ENGLISH)[key];
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''));
}

/** @returns {'en' | 'zh'} */
function chosen() {
  const name = localStorage.getItem(NAME) ?? navigator.languages.find((one) => /^(en|zh)/i.test(one)) ?? 'en';
  return name.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

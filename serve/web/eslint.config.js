import js from '@eslint/js';

/** Ways to make HTML or code of a text. Texts of documents are not trusted. */
const HTML = ['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'setHTMLUnsafe', 'write'].map((property) => ({ property, message: 'Build elements with dom.js.' }));

export default [
  js.configs.recommended,
  {
    files: ['static/**/*.js'],
    languageOptions: { ecmaVersion: 2022, sourceType: 'module' },
    rules: {
      'no-undef': 'off', // tsc checks names, and knows those of browsers
      'no-restricted-properties': ['error', ...HTML],
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      'prefer-const': 'error',
      eqeqeq: 'error',
      'no-var': 'error',
      'max-lines': ['error', { max: 320 }],
      quotes: ['error', 'single', { avoidEscape: true, allowTemplateLiterals: true }],
      semi: 'error',
    },
  },
];

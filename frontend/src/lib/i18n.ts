/**
 * Words of the interface. The English sentence is its own key, so a page reads as it looks; another language is one
 * file beside `locales/en`, and `en` itself holds only what English needs beyond its keys (plurals).
 */
import i18next from 'i18next';
import en from '@/locales/en/common.json';

i18next.init({
  lng: 'en',
  fallbackLng: 'en',
  resources: { en: { translation: en } },
  keySeparator: false,
  nsSeparator: false,
  returnEmptyString: false,
  interpolation: { escapeValue: false },
  initAsync: false,
  showSupportNotice: false,
} as Parameters<typeof i18next.init>[0]);

/** The sentence in the reader's language, with `{{name}}` filled in. */
export function t(key: string, values?: Record<string, unknown>): string {
  return i18next.t(key, values ?? {});
}

/** The reader's language, for dates and numbers. */
export function language(): string {
  return i18next.resolvedLanguage ?? 'en';
}

/**
 * Words of the interface. The English sentence is its own key, so a page reads as it looks; another language is one
 * file beside `locales/en`, and `en` itself holds only what English needs beyond its keys (plurals). That is all we
 * need of a library, at a thirtieth of its bytes.
 */
import english from '@/locales/en/common.json';

export type Catalogue = Record<string, string>;

let current = 'en';
let words: Catalogue = english;
let plurals = new Intl.PluralRules(current);

/** Takes over a language; the caller renders anew. */
export function setLanguage(tag: string, catalogue: Catalogue): void {
  current = tag;
  words = catalogue;
  plurals = new Intl.PluralRules(tag);
}

/** The sentence in the reader's language, with `{{name}}` filled in; `count` chooses the plural form. */
export function t(key: string, values?: Record<string, unknown>): string {
  const { count } = values ?? {};
  const form = typeof count === 'number' ? words[`${key}_${plurals.select(count)}`] : undefined;
  const sentence = form ?? words[key] ?? key;
  if (!values) return sentence;
  return sentence.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? new Intl.NumberFormat(locale()).format(value) : String(value);
  });
}

/** The reader's language with their region where the browser knows it, for dates and numbers. */
export function locale(): string {
  if (typeof navigator === 'undefined') return current;
  return navigator.languages?.find((tag) => tag.startsWith(current)) ?? current;
}

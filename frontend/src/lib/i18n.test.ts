/** Sentences, values and plurals. */
import { describe, expect, it } from 'vitest';
import { t } from './i18n';

describe('t', () => {
  it('gives the sentence itself when nothing else is known', () => {
    expect(t('Nothing waits for you')).toBe('Nothing waits for you');
  });
  it('fills in values and leaves what it does not know', () => {
    expect(t('Remove {{name}} from {{place}}', { name: '$& Ana' })).toBe('Remove $& Ana from {{place}}');
  });
  it('chooses the plural and writes numbers as people do', () => {
    expect(t('{{count}} messages', { count: 1 })).toBe('1 message');
    expect(t('{{count}} messages', { count: 1200 })).toBe('1,200 messages');
  });
});

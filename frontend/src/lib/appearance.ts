/** Theme, density, text size and contrast: set on the root, kept for `theme.js` to read before the first paint. */
import type { Density, FontSize, Preferences, Theme } from '@/api/types';

export interface Appearance {
  theme: Theme;
  density: Density;
  font_size: FontSize;
  contrast?: 'high' | 'normal';
}

const KEY = 'conductor.appearance';
const defaults: Appearance = { theme: 'system', density: 'comfortable', font_size: 'medium' };

export function readAppearance(): Appearance {
  try {
    return { ...defaults, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Appearance>) };
  } catch {
    return defaults;
  }
}

function set(name: string, value: string | undefined): void {
  if (value) document.documentElement.dataset[name] = value;
  else delete document.documentElement.dataset[name];
}

export function applyAppearance(change: Partial<Appearance>): Appearance {
  const look = { ...readAppearance(), ...change };
  localStorage.setItem(KEY, JSON.stringify(look));
  const dark = window.matchMedia('(prefers-color-scheme: dark)').matches;
  set('theme', look.theme === 'system' ? (dark ? 'dark' : 'light') : look.theme);
  set('density', look.density === 'comfortable' ? undefined : look.density);
  set('fontSize', look.font_size === 'medium' ? undefined : look.font_size);
  const high =
    look.contrast === 'high' || (!look.contrast && window.matchMedia('(prefers-contrast: more)').matches);
  set('contrast', high ? 'high' : undefined);
  return look;
}

/** What the server remembers wins on a new device. */
export function adoptPreferences(preferences: Preferences): void {
  const change: Partial<Appearance> = {};
  if (preferences.theme) change.theme = preferences.theme;
  if (preferences.density) change.density = preferences.density;
  if (preferences.font_size) change.font_size = preferences.font_size;
  if (preferences.contrast === 'high' || preferences.contrast === 'normal')
    change.contrast = preferences.contrast;
  if (Object.keys(change).length > 0) applyAppearance(change);
}

if (typeof window !== 'undefined') {
  window.matchMedia?.('(prefers-color-scheme: dark)').addEventListener('change', () => applyAppearance({}));
}

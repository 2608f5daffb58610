/** The theme in force, followed as it changes: for what is drawn with its colours instead of styled by them. */
import { useSyncExternalStore } from 'react';

function subscribe(listener: () => void): () => void {
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, {
    attributes: true,
    attributeFilter: ['data-theme', 'data-contrast'],
  });
  return () => observer.disconnect();
}

function read(): string {
  const { theme = 'light', contrast = '' } = document.documentElement.dataset;
  return contrast ? `${theme}/${contrast}` : theme;
}

/** `light`, `dark`, and `/high` behind it for high contrast. */
export function useTheme(): string {
  return useSyncExternalStore(subscribe, read, () => 'light');
}

/* Sets the theme before the first paint. A blocking file, because the content policy forbids inline scripts. */
(() => {
  const root = document.documentElement;
  let look = {};
  try {
    look = JSON.parse(localStorage.getItem('conductor.appearance') || '{}');
  } catch {
    /* A private window may refuse storage; the system's preference is then the theme. */
  }
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = look.theme === 'dark' || look.theme === 'light' ? look.theme : dark ? 'dark' : 'light';
  if (look.contrast === 'high' || (!look.contrast && matchMedia('(prefers-contrast: more)').matches)) {
    root.dataset.contrast = 'high';
  }
  if (look.density && look.density !== 'comfortable') root.dataset.density = look.density;
  if (look.font_size && look.font_size !== 'medium') root.dataset.fontSize = look.font_size;
})();

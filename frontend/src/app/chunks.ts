/**
 * After a server upgrade an open tab asks for files that no longer exist. One reload fetches the new page; a second
 * failure within a minute is a real fault and stays visible.
 */
const KEY = 'conductor.reloaded-at';

export function recoverFromMissingChunks(): void {
  window.addEventListener('vite:preloadError', (event) => {
    const last = Number(sessionStorage.getItem(KEY) ?? 0);
    if (Date.now() - last < 60_000) return;
    event.preventDefault();
    sessionStorage.setItem(KEY, String(Date.now()));
    window.location.reload();
  });
}

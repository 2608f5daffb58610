/**
 * Which addresses of a model's text may become links or pictures.
 */

/** The address if it may be followed by a click, otherwise nothing. */
export function safeHref(href: unknown): string | undefined {
  if (typeof href !== 'string') return undefined;
  const trimmed = href.trim();
  if (trimmed.startsWith('#')) return trimmed;
  if (trimmed.startsWith('/') && !trimmed.startsWith('//') && !trimmed.startsWith('/\\')) return trimmed;
  let url: URL;
  try {
    url = new URL(trimmed);
  } catch {
    return undefined;
  }
  return url.protocol === 'https:' || url.protocol === 'http:' || url.protocol === 'mailto:'
    ? url.href
    : undefined;
}

/** How a picture may be shown: `inline` from this server or from its own bytes, `link` when another host holds it. */
export function imageSource(
  src: unknown,
): { show: 'inline' | 'link'; url: string; host?: string } | undefined {
  if (typeof src !== 'string') return undefined;
  const trimmed = src.trim();
  if (/^data:image\/(?:png|jpeg|gif|webp|avif);base64,/i.test(trimmed))
    return { show: 'inline', url: trimmed };
  const href = safeHref(trimmed);
  if (!href || href.startsWith('#') || href.startsWith('mailto:')) return undefined;
  if (href.startsWith('/')) return { show: 'inline', url: href };
  return { show: 'link', url: href, host: new URL(href).host };
}

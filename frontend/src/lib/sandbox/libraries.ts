/**
 * The libraries of React artifacts, fetched once per page and posted into each frame that needs them.
 */
import { raw } from '@/api/client';

let loading: Promise<string> | undefined;

/** The script of `sandbox/runtime.ts`. */
export function reactLibraries(): Promise<string> {
  loading ??= raw('GET', '/artifact-runtime.js', { headers: { Accept: 'text/javascript' } })
    .then((response) => {
      const type = response.headers.get('content-type') ?? '';
      // A server that answers unknown paths with the page would otherwise post HTML into the frame.
      if (!type.includes('javascript'))
        throw new Error('the libraries for React artifacts are not part of this build');
      return response.text();
    })
    .catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
  return loading;
}

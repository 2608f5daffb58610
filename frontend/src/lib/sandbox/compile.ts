/**
 * TSX to a CommonJS module, in the page: the frame gets code that runs as it is. The compiler comes with the first React
 * artifact.
 */

/** Code that will not compile, with the place of the mistake. */
export class CompileError extends Error {
  readonly line: number | undefined;

  constructor(message: string) {
    super(message);
    this.name = 'CompileError';
    const place = /\((\d+):\d+\)/.exec(message);
    this.line = place ? Number(place[1]) : undefined;
  }
}

/** A component that was written without an export is still meant to be shown. */
const FALLBACK = '\nif (!exports.default) { try { exports.default = App; } catch (_) {} }\n';

/** Compiles one artifact. */
export async function compileReact(source: string): Promise<string> {
  const { transform } = await import('sucrase');
  try {
    const { code } = transform(source, {
      transforms: ['typescript', 'jsx', 'imports'],
      jsxRuntime: 'automatic',
      production: true,
      filePath: 'artifact.tsx',
    });
    return code + FALLBACK;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new CompileError(message.replace(/^Error transforming artifact\.tsx: /, ''));
  }
}

/** React artifacts as models write them, and the mistakes they make. */
import { describe, expect, test } from 'vitest';
import { CompileError, compileReact } from './compile';

/** Runs compiled code the way the frame does. */
async function run(source: string): Promise<Record<string, unknown>> {
  const module = { exports: {} as Record<string, unknown> };
  const modules: Record<string, unknown> = {
    react: { useState: () => [0, () => undefined], default: {} },
    'react/jsx-runtime': { jsx: (type: unknown, props: unknown) => ({ type, props }), jsxs: () => ({}) },
  };
  const require = (name: string) => modules[name];
  new Function('require', 'module', 'exports', await compileReact(source))(require, module, module.exports);
  return module.exports;
}

describe('compileReact', () => {
  test('a default export with types and JSX', async () => {
    const exports = await run(
      "import { useState } from 'react';\ninterface P { n: number }\nexport default function App({ n }: P) { const [a] = useState<number>(n); return <b>{a}</b>; }",
    );
    const app = exports.default as (props: { n: number }) => { type: string };
    expect(app({ n: 1 }).type).toBe('b');
  });

  test('a component without an export is found by its name', async () => {
    const exports = await run('function App() { return <i/>; }');
    expect(typeof exports.default).toBe('function');
  });

  test('a mistake names its place', async () => {
    const error = await compileReact('export default function App() {\n  return <b>;\n}').catch(
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(CompileError);
    expect((error as CompileError).line).toBeGreaterThan(1);
    expect((error as CompileError).message).not.toContain('artifact.tsx');
  });
});

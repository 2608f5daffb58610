/**
 * The second entry: the frame host with its script inlined (its own policy forbids loading one) and the libraries for
 * React artifacts as a script that the page fetches and posts. It adds to `dist`, after the page itself was built.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, defineConfig, type Plugin } from 'vite';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

async function bundle(entry: string): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'warn',
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      rolldownOptions: { input: here(entry), output: { format: 'iife', name: 'conductorFrame' } },
    },
  });
  const outputs = Array.isArray(result) ? result : [result];
  for (const output of outputs) {
    if (!('output' in output)) continue;
    const chunk = output.output.find((part) => part.type === 'chunk');
    if (chunk?.type === 'chunk') return chunk.code;
  }
  throw new Error(`${entry} gave no script`);
}

/** Puts the host's script into its page; `</script` inside it must not end the element. */
function frameHost(): Plugin {
  return {
    name: 'artifact-frame',
    async generateBundle() {
      const script = (await bundle('./frame.ts')).replaceAll('</script', '<\\/script');
      const page = readFileSync(here('./frame.html'), 'utf8').replace(
        '<!-- script -->',
        () => `<script>${script}</script>`,
      );
      this.emitFile({ type: 'asset', fileName: 'artifact-frame.html', source: page });
    },
  };
}

export default defineConfig({
  publicDir: false,
  define: { 'process.env.NODE_ENV': '"production"' },
  plugins: [frameHost()],
  build: {
    outDir: here('../dist'),
    emptyOutDir: false,
    target: 'es2022',
    modulePreload: false,
    rolldownOptions: {
      input: here('./runtime.ts'),
      output: { format: 'iife', name: 'conductorRuntimeScript', entryFileNames: 'artifact-runtime.js' },
    },
  },
});

/** Builds the page. In development `/api` and its neighbours go to a running server (`CONDUCTOR_URL`). */
import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import { tanstackRouter } from '@tanstack/router-plugin/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const server = process.env.CONDUCTOR_URL ?? 'http://127.0.0.1:8420';
const proxied = ['/api', '/health', '/openapi.json', '/docs', '/artifact-frame', '/agents'];

export default defineConfig({
  plugins: [
    tanstackRouter({ target: 'react', autoCodeSplitting: true, quoteStyle: 'single', semicolons: true }),
    react(),
    tailwindcss(),
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  // Grammars stay chunks of their own; the default format would fold all of them into the worker.
  worker: { format: 'es' },
  build: {
    manifest: true,
    target: 'es2023',
    // A data: URL would need a wider content policy than `'self'`.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Icons that many pages share are one chunk: by itself each would be more frame than icon.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [{ name: 'icons', test: /lucide-react\/dist\/esm\/icons\//, minShareCount: 8 }],
        },
      },
    },
  },
  server: {
    host: '127.0.0.1',
    port: 5173,
    proxy: Object.fromEntries(proxied.map((path) => [path, { target: server }])),
  },
});

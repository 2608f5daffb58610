/** Unit and component tests. Pure logic runs in `node`; files named `*.dom.test.tsx` ask for jsdom themselves. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  test: {
    environment: 'node',
    include: ['src/**/*.test.{ts,tsx}', 'sandbox/**/*.test.{ts,tsx}', 'tests/unit/**/*.test.ts'],
    restoreMocks: true,
  },
});

/** Generates the API's types from the committed OpenAPI document; the output is never edited. */
import { defineConfig } from '@hey-api/openapi-ts';

export default defineConfig({
  input: './../docs/openapi.json',
  output: { path: './src/api/generated' },
  plugins: ['@hey-api/typescript'],
});

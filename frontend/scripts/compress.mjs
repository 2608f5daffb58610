/** Writes a brotli and a gzip twin beside every text file of the build that shrinks by it; the server sends those. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const TEXT = /\.(js|mjs|css|html|svg|json|wasm)$/;

for (const name of readdirSync(dist, { recursive: true })) {
  const file = join(dist, String(name));
  if (!TEXT.test(file) || file.includes('.vite') || !statSync(file).isFile()) continue;
  const plain = readFileSync(file);
  if (plain.length < 1024) continue;
  const twins = {
    '.br': brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } }),
    '.gz': gzipSync(plain, { level: 9 }),
  };
  for (const [ending, bytes] of Object.entries(twins)) {
    if (bytes.length < plain.length * 0.95) writeFileSync(file + ending, bytes);
  }
}

/** Fails when the page grows beyond its byte budgets (KiB of gzip -9), read from Vite's manifest. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const LIMITS = { shell: 200, firstLoad: 320, lazy: 160 };
const HEAVY = /mermaid|katex|codemirror|code-editor|@shikijs|cytoscape/;

const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));
const sizes = new Map();
const size = (file) => {
  if (!sizes.has(file))
    sizes.set(file, gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length / 1024);
  return sizes.get(file);
};

/** A chunk with everything it imports statically. */
function closure(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const next of manifest[key]?.imports ?? []) closure(next, seen);
  return seen;
}
const scripts = (keys) =>
  new Set([...keys].map((key) => manifest[key].file).filter((file) => file.endsWith('.js')));
const total = (files) => [...files].reduce((sum, file) => sum + size(file), 0);

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
const shell = closure(entry);
const rows = [['shell', total(scripts(shell)), LIMITS.shell]];

// The first page is the chat: its route's chunk and what that needs, and the signed-in frame.
const first = new Set(shell);
for (const key of Object.keys(manifest)) if (/routes\/_app(\/_chat)?\.tsx/.test(key)) closure(key, first);
const css = new Set([...first].flatMap((key) => manifest[key].css ?? []));
rows.push(['first load', total(scripts(first)) + total(css), LIMITS.firstLoad]);

for (const key of Object.keys(manifest)) {
  if (!/src\/routes\//.test(key) || first.has(key)) continue;
  const own = [...scripts(closure(key))].filter((file) => !scripts(first).has(file));
  rows.push([key.replace(/\?.*$/, '').replace('src/routes/', ''), total(own), LIMITS.lazy]);
}

const failed = [...first].filter((key) => HEAVY.test(key));
if (failed.length > 0) console.error(`in the first load, though they must be lazy: ${failed.join(', ')}`);
for (const [name, kib, limit] of rows) {
  const over = kib > limit;
  if (over) failed.push(name);
  console.log(`${over ? 'OVER ' : 'ok   '} ${name.padEnd(32)} ${kib.toFixed(1).padStart(7)} of ${limit} KiB`);
}
if (failed.length > 0) process.exit(1);

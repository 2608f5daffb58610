/** The pure half of artifacts: names, tabs, comparisons. */
import { describe, expect, test } from 'vitest';
import type { Artifact } from '@/api/types';
import { fileName, type LiveArtifact } from './artifact';
import { diffRows } from './diff';
import { findTab, mergeTabs } from './tabs';

const stored = (identifier: string, version: number, created = '2026-01-01T00:00:00Z'): Artifact => ({
  id: `${identifier}-${version}`,
  conversation_id: 'c',
  identifier,
  version,
  type: 'html',
  title: identifier,
  content: `v${version}`,
  latest_version: version,
  data_classification: 'internal',
  is_latest: true,
  created_at: created,
  updated_at: created,
});

const live = (identifier: string, version: number, done = false): LiveArtifact => ({
  artifact_id: `${identifier}-${version}`,
  identifier,
  version,
  artifact_type: 'html',
  title: `${identifier} new`,
  text: 'so far',
  done,
});

describe('mergeTabs', () => {
  test('a version being written lies over the stored one', () => {
    const [tab] = mergeTabs([stored('page', 1)], [live('page', 2)]);
    expect(tab).toMatchObject({ title: 'page new', latest: { version: 1 }, live: { version: 2 } });
  });

  test('once it is stored, the stored one is shown', () => {
    const [tab] = mergeTabs([stored('page', 2)], [live('page', 2, true)]);
    expect(tab?.live).toBeUndefined();
  });

  test('stand in the order in which they appeared', () => {
    const tabs = mergeTabs(
      [stored('b', 1, '2026-01-02T00:00:00Z'), stored('a', 3, '2026-01-01T00:00:00Z')],
      [live('c', 1)],
    );
    expect(tabs.map((tab) => tab.identifier)).toEqual(['a', 'b', 'c']);
  });

  test('are found by any id that is known', () => {
    const tabs = mergeTabs([stored('page', 2)], [live('other', 1)]);
    expect(findTab(tabs, 'other-1')?.identifier).toBe('other');
    expect(findTab(tabs, 'page-1', 'page')?.identifier).toBe('page');
    expect(findTab(tabs, 'nothing')).toBeUndefined();
  });
});

describe('fileName', () => {
  test.each([
    ['Sales by month', 'react', null, 'sales-by-month.tsx'],
    ['../../etc/passwd', 'code', 'python', 'etc-passwd.py'],
    ['Überblick 2026', 'text', null, 'u-berblick-2026.md'],
    ['///', 'svg', null, 'artifact.svg'],
    ['query', 'code', 'brainfuck', 'query.txt'],
  ] as const)('%s', (title, type, language, expected) => {
    expect(fileName(title, type, language)).toBe(expected);
  });
});

describe('diffRows', () => {
  test('counts and numbers lines', () => {
    const { rows, count } = diffRows('a\nb\nc\n', 'a\nB\nc\nd');
    expect(count).toEqual({ added: 2, removed: 1 });
    expect(rows).toEqual([
      { kind: 'same', text: 'a', before: 1, after: 1 },
      { kind: 'removed', text: 'b', before: 2 },
      { kind: 'added', text: 'B', after: 2 },
      { kind: 'same', text: 'c', before: 3, after: 3 },
      { kind: 'added', text: 'd', after: 4 },
    ]);
  });

  test('folds what did not change', () => {
    const before = Array.from({ length: 50 }, (_, index) => `line ${index}`).join('\n');
    const { rows } = diffRows(before, before.replace('line 25', 'changed'), 2);
    expect(rows[0]).toEqual({ kind: 'gap', lines: 23 });
    expect(rows.at(-1)).toEqual({ kind: 'gap', lines: 22 });
    expect(rows).toHaveLength(8);
  });

  test('a missing last line end is no change', () => {
    expect(diffRows('a\n', 'a').count).toEqual({ added: 0, removed: 0 });
  });
});

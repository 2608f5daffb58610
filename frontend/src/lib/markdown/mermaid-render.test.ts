/** Comparison signs in labels survive, arrows stay arrows. */
import { describe, expect, test } from 'vitest';
import { keepComparisons } from './mermaid-render';

describe('keepComparisons', () => {
  test.each([
    ['flowchart TD\n A{Amount > 10k?}', 'flowchart TD\n A{Amount #gt; 10k?}'],
    ['graph LR\n A["x <= y"]', 'graph LR\n A["x #lt;= y"]'],
    ['%% note\nflowchart TD\n A --> B', '%% note\nflowchart TD\n A --> B'],
    [
      'flowchart TD\n A -- yes --> B\n B ==> C\n C <--> D',
      'flowchart TD\n A -- yes --> B\n B ==> C\n C <--> D',
    ],
    ['sequenceDiagram\n A->>B: x > y', 'sequenceDiagram\n A->>B: x > y'],
  ])('%j', (source, expected) => {
    expect(keepComparisons(source)).toBe(expected);
  });
});

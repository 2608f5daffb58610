/**
 * Markdown to a safe tree: CommonMark, GFM and our math, never raw HTML (it stays visible as text).
 */
import type { Element, ElementContent, Properties, Root, Text } from 'hast';
import type { Code, Html, Root as MarkdownRoot, Nodes } from 'mdast';
import type { State } from 'mdast-util-to-hast';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import remarkRehype from 'remark-rehype';
import { unified } from 'unified';
import { endsInOpenFence, parseFence } from './fence';
import { type MathNode, remarkMath } from './math-tree';

/** How a text is to be read. */
export interface ParseOptions {
  /** Keeps the anchors of footnotes apart when several texts stand on one page. */
  prefix: string;
  /** The text is still growing: its last fence may be open. */
  streaming?: boolean;
}

const element = (tagName: string, properties: Properties, children: ElementContent[] = []): Element => ({
  type: 'element',
  tagName,
  properties,
  children,
});

function html(state: State, node: Html, parent: Nodes | undefined): ElementContent {
  if (/^<br\s*\/?>$/i.test(node.value.trim())) return element('br', {});
  const text: Text = { type: 'text', value: node.value };
  if (parent?.type !== 'root') return text;
  const paragraph = element('p', {}, [text]);
  state.patch(node, paragraph);
  return paragraph;
}

function math(state: State, node: MathNode): Element {
  const formula = element('md-math', { value: node.value, display: node.display });
  state.patch(node as never, formula);
  return formula;
}

/** The hast tree of a text. */
export function parseMarkdown(source: string, options: ParseOptions): Root {
  const open = options.streaming === true && endsInOpenFence(source);
  const end = source.trimEnd().length;

  function code(state: State, node: Code): Element {
    const fence = parseFence(node.lang, node.meta);
    const last = (node.position?.end.offset ?? 0) >= end;
    const block = element('md-code', {
      value: node.value,
      language: fence.language,
      artifact: fence.artifact?.identifier,
      artifactTitle: fence.artifact?.title,
      open: open && last,
    });
    state.patch(node, block);
    return block;
  }

  const parser = unified()
    .use(remarkParse)
    .use(remarkGfm, { singleTilde: false })
    .use(remarkMath, { source });
  const tree = parser.parse(source) as MarkdownRoot;
  const processor = unified().use(remarkRehype, {
    allowDangerousHtml: false,
    clobberPrefix: options.prefix,
    // The handlers are looked up by node type; ours are not in the library's own map.
    handlers: { html, code, math, inlineMath: math } as never,
  });
  return processor.runSync(tree) as Root;
}

/**
 * The top-level nodes of a whole text, grouped by the blocks it streamed in, so that the last render replaces each
 * block in place instead of mounting everything anew. Nodes without a place of their own (footnotes) come last.
 */
export function groupByBlocks(root: Root, blocks: string[]): Root[] {
  const groups: Root[] = blocks.map(() => ({ type: 'root', children: [] }));
  const tail: Root = { type: 'root', children: [] };
  const ends: number[] = [];
  let offset = 0;
  for (const block of blocks) {
    offset += block.length;
    ends.push(offset);
  }
  let index = 0;
  for (const child of root.children) {
    const start = child.position?.start.offset;
    if (start === undefined) {
      if (child.type === 'element') tail.children.push(child);
      continue;
    }
    while (index < ends.length - 1 && start >= (ends[index] ?? 0)) index++;
    groups[index]?.children.push(child);
  }
  return tail.children.length > 0 ? [...groups, tail] : groups;
}

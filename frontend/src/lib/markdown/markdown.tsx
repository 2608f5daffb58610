/**
 * Markdown on the page, fast while it streams: a block re-renders only when its own text changed, half-written marks
 * are completed for the eye, and the whole text is read once more when the last word has arrived (reference links and
 * footnotes cross blocks).
 */
import type { Root } from 'hast';
import { memo, type ReactNode, useId, useMemo, useRef } from 'react';
import remend from 'remend';
import { blockSplitter } from './blocks';
import { endsInOpenFence } from './fence';
import { groupByBlocks, parseMarkdown } from './parse';
import { ArtifactContext, type RenderArtifact, toJsx } from './to-jsx';
import './markdown.css';

interface Props {
  text: string;
  streaming?: boolean;
  renderArtifact?: RenderArtifact;
}

/** Shows `text`; artifact fences become what `renderArtifact` gives for their identifier. */
export function Markdown({ text, streaming = false, renderArtifact }: Props) {
  const prefix = `${useId().replace(/[^\w-]/g, '')}-`;
  return (
    <ArtifactContext value={renderArtifact}>
      <div className="md">
        <Body text={text} streaming={streaming} prefix={prefix} />
      </div>
    </ArtifactContext>
  );
}

/** One list of blocks for both modes: the same places, so that the last render remounts nothing. */
function Body({ text, streaming, prefix }: { text: string; streaming: boolean; prefix: string }): ReactNode {
  const split = useRef<(text: string) => string[]>(null);
  split.current ??= blockSplitter();
  const blocks = split.current(text);
  const trees = useMemo(
    () =>
      streaming ? undefined : groupByBlocks(parseMarkdown(text.replace(/\r\n?/g, '\n'), { prefix }), blocks),
    [text, streaming, prefix, blocks],
  );
  if (trees) {
    return trees.map((tree, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: blocks are only ever appended; their place is their identity
      <Block key={index} tree={tree} source="" prefix={prefix} last={false} />
    ));
  }
  return blocks.map((block, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: as above
    <Block key={index} source={block} prefix={prefix} last={index === blocks.length - 1} />
  ));
}

interface BlockProps {
  source: string;
  /** The block's part of the whole text, once that is complete. */
  tree?: Root;
  prefix: string;
  last: boolean;
}

const Block = memo(function Block({ source, tree, prefix, last }: BlockProps) {
  if (tree) return <>{toJsx(tree)}</>;
  if (last && isOpenFormula(source)) return <pre className="md-math-source md-math-display">{source}</pre>;
  return <>{toJsx(parseMarkdown(last ? complete(source) : source, { prefix, streaming: last }))}</>;
});

/** A formula whose end has not arrived is shown as it was written, not as broken prose. */
function isOpenFormula(source: string): boolean {
  const trimmed = source.trimEnd();
  if (/^ {0,3}\$\$(?!\$)/.test(trimmed)) return trimmed.indexOf('$$', trimmed.indexOf('$$') + 2) < 0;
  return /^ {0,3}\\\[/.test(trimmed) && !trimmed.includes('\\]');
}

/** Closes marks that are still open; formulas are left alone, because a dollar is mostly money. */
function complete(source: string): string {
  if (endsInOpenFence(source)) return source;
  return remend(source, {
    katex: false,
    inlineKatex: false,
    linkMode: 'text-only',
    comparisonOperators: false,
  });
}

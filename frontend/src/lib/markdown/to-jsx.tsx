/**
 * The tree as React elements, with the parts that need a component: code, formulas, links, pictures, tables.
 */
import type { Root } from 'hast';
import { type Components, toJsxRuntime } from 'hast-util-to-jsx-runtime';
import { ExternalLink, Image as ImageIcon } from 'lucide-react';
import { createContext, type ReactNode, useContext } from 'react';
import { Fragment, jsx, jsxs } from 'react/jsx-runtime';
import { t } from '@/lib/i18n';
import { CodeBlock } from './code-block';
import { imageSource, safeHref } from './links';
import { Formula } from './math';
import { MermaidBlock } from './mermaid';

/** Shows the chip of an artifact in place of its fence. */
export type RenderArtifact = (identifier: string) => ReactNode;

function Link({ href, children, ...rest }: { href?: string; children?: ReactNode; id?: string }) {
  const safe = safeHref(href);
  if (!safe) return <span>{children}</span>;
  // Footnotes stay on the page; everything else opens beside it and learns nothing about where it came from.
  if (safe.startsWith('#')) {
    return (
      <a {...pick(rest)} href={safe}>
        {children}
      </a>
    );
  }
  return (
    <a href={safe} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}

/** Footnote anchors need their id and label; nothing else of a model's link is passed on. */
function pick(rest: Record<string, unknown>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ['id', 'aria-label', 'aria-describedby', 'className']) {
    const value = rest[name];
    if (typeof value === 'string') kept[name] = value;
  }
  return kept;
}

function Picture({ src, alt }: { src?: string; alt?: string }) {
  const source = imageSource(src);
  if (!source) return <span className="md-picture">{alt || t('Picture')}</span>;
  if (source.show === 'inline')
    return <img src={source.url} alt={alt ?? ''} loading="lazy" decoding="async" />;
  return (
    <a className="chip md-picture" href={source.url} target="_blank" rel="noopener noreferrer">
      <ImageIcon size={15} strokeWidth={1.7} aria-hidden />
      <span>{alt || t('Picture')}</span>
      <span className="text-text-3">{t('on {{host}}', { host: source.host })}</span>
      <ExternalLink size={13} strokeWidth={1.7} aria-hidden />
      <span className="sr-only">{t('opens in a new tab')}</span>
    </a>
  );
}

/** The box of a task; it only shows, so its state is its name. */
function Task({ checked }: { checked?: boolean }) {
  return (
    <input
      type="checkbox"
      checked={checked ?? false}
      readOnly
      disabled
      aria-label={checked ? t('done') : t('open')}
    />
  );
}

function Table({ children }: { children?: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable by keyboard
    // biome-ignore lint/a11y/useSemanticElements: a section would need a heading of its own
    <div className="md-table" tabIndex={0} role="group" aria-label={t('Table')}>
      <table>{children}</table>
    </div>
  );
}

interface HeadingProps {
  children?: ReactNode;
  id?: string;
}

/** The page owns the first heading level, so a text's own headings begin one lower. */
function Heading({ level, children, id }: HeadingProps & { level: number }) {
  const Tag = `h${Math.min(6, level + 1)}` as 'h2';
  return (
    <Tag id={id} className={`md-h${level}`}>
      {children}
    </Tag>
  );
}

/** How the text around a fence shows artifacts; a context, because a block must keep its identity while it grows. */
export const ArtifactContext = createContext<RenderArtifact | undefined>(undefined);

interface CodeProps {
  value: string;
  language?: string;
  artifact?: string;
  open?: boolean;
}

function Code({ value, language = '', artifact, open = false }: CodeProps) {
  const renderArtifact = useContext(ArtifactContext);
  const chip = artifact && renderArtifact ? renderArtifact(artifact) : undefined;
  if (chip !== null && chip !== undefined) return chip;
  if (language.toLowerCase() === 'mermaid') return <MermaidBlock value={value} open={open} />;
  return <CodeBlock value={value} language={language} open={open} />;
}

const components = {
  a: Link,
  img: Picture,
  input: Task,
  table: Table,
  h1: (props: HeadingProps) => <Heading level={1} {...props} />,
  h2: (props: HeadingProps) => <Heading level={2} {...props} />,
  h3: (props: HeadingProps) => <Heading level={3} {...props} />,
  h4: (props: HeadingProps) => <Heading level={4} {...props} />,
  h5: (props: HeadingProps) => <Heading level={5} {...props} />,
  h6: (props: HeadingProps) => <Heading level={6} {...props} />,
  'md-math': Formula,
  'md-code': Code,
} as unknown as Partial<Components>;

/** Maps a tree. */
export function toJsx(tree: Root): ReactNode {
  return toJsxRuntime(tree, {
    Fragment,
    jsx: jsx as never,
    jsxs: jsxs as never,
    components,
    ignoreInvalidStyle: true,
    passKeys: true,
  }) as ReactNode;
}

/** What a tool answered: text, pictures, and whatever else as data. */
import type { ContentBlock } from '@/api/types';
import { JsonView } from '@/components/ui/json-view';
import { t } from '@/lib/i18n';

const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

function parsed(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function ContentBlocks({ content }: { content: ContentBlock[] }) {
  if (content.length === 0) return <p className="text-sm text-text-3">{t('The answer is empty.')}</p>;
  return (
    <div className="grid grid-cols-1 gap-3">
      {content.map((block, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: blocks of an answer have no identity
        <Block key={index} block={block} />
      ))}
    </div>
  );
}

function Block({ block }: { block: ContentBlock }) {
  if (block.type === 'image' && block.data && PICTURES.has(block.mimeType ?? '')) {
    return (
      <img
        src={`data:${block.mimeType};base64,${block.data}`}
        alt={t('Picture from the tool')}
        className="max-w-full rounded-md"
      />
    );
  }
  const type = block.mimeType ?? block.mime_type;
  if (typeof block.blob === 'string' && typeof type === 'string' && PICTURES.has(type)) {
    return (
      <img
        src={`data:${type};base64,${block.blob}`}
        alt={t('Picture from the tool')}
        className="max-w-full rounded-md"
      />
    );
  }
  if (typeof block.text === 'string') {
    const data = parsed(block.text);
    if (data !== undefined) return <JsonView value={data} />;
    return <pre className="json">{block.text}</pre>;
  }
  return <JsonView value={block} />;
}

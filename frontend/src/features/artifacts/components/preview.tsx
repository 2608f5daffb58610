/** An artifact as what it is: a running page, a drawing, a document. */
import type { ArtifactType } from '@/api/types';
import { Markdown } from '@/lib/markdown';
import { SandboxFrame, type SandboxProblem } from '@/lib/sandbox';
import { sourceLanguage } from '../model/artifact';
import { SourceView } from './source-view';

interface Props {
  type: ArtifactType;
  language?: string | null;
  content: string;
  title: string;
  growing: boolean;
  onReport?: (problem: SandboxProblem) => void;
}

export function Preview({ type, language, content, title, growing, onReport }: Props) {
  if (type === 'text') {
    return (
      <article className="artifact-document">
        <Markdown text={content} streaming={growing} />
      </article>
    );
  }
  if (type === 'code')
    return <SourceView code={content} language={sourceLanguage(type, language)} growing={growing} />;
  return <SandboxFrame kind={type} source={content} title={title} onReport={onReport} />;
}

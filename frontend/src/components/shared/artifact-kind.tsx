/** The kinds of artifacts: their pictures and their names. */
import { Code, FileText, Globe, type LucideIcon, Shapes, SquareFunction, Workflow } from 'lucide-react';
import type { ArtifactType } from '@/api/types';
import { t } from '@/lib/i18n';

const ICONS: Record<ArtifactType, LucideIcon> = {
  code: Code,
  html: Globe,
  svg: Shapes,
  react: SquareFunction,
  mermaid: Workflow,
  text: FileText,
};

export function TypeIcon({ type, size = 18 }: { type: ArtifactType; size?: number }) {
  const Icon = ICONS[type] ?? FileText;
  return <Icon size={size} aria-hidden="true" />;
}

/** The kind in words. */
export function typeName(type: ArtifactType): string {
  const names: Record<ArtifactType, string> = {
    code: t('Code'),
    html: t('Web page'),
    svg: t('Drawing'),
    react: t('React component'),
    mermaid: t('Diagram'),
    text: t('Document'),
  };
  return names[type];
}

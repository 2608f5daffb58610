/** The picture of a kind of artifact. */
import { Code, FileText, Globe, type LucideIcon, Shapes, SquareFunction, Workflow } from 'lucide-react';
import type { ArtifactType } from '@/api/types';

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

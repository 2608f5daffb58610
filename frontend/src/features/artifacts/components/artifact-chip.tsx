/** An artifact inside a message: opens it in the panel, and shows that it is still being written. */
import type { ArtifactType } from '@/api/types';
import { t } from '@/lib/i18n';
import { typeName } from '../model/artifact';
import { TypeIcon } from './type-icon';

interface Props {
  title: string;
  type: ArtifactType;
  version: number;
  writing?: boolean;
  selected?: boolean;
  onOpen: () => void;
}

export function ArtifactChip({ title, type, version, writing, selected, onOpen }: Props) {
  return (
    <button type="button" className="artifact-chip file-chip" aria-pressed={selected} onClick={onOpen}>
      <TypeIcon type={type} />
      <span className="min-w-0">
        <span className="block truncate font-medium">{title}</span>
        <span className="block text-xs text-text-3">
          {typeName(type)}
          {writing ? ` · ${t('writing')}` : ` · ${t('version {{version}}', { version })}`}
        </span>
      </span>
      {writing && <span className="spin ml-1" aria-hidden="true" />}
    </button>
  );
}

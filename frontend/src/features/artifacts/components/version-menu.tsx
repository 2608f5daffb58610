/** All versions of an artifact, newest first. */
import { ChevronDown } from 'lucide-react';
import type { Artifact } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Menu, MenuRadio, MenuRadioGroup } from '@/components/ui/menu';
import { ago } from '@/lib/format';
import { t } from '@/lib/i18n';

interface Props {
  latest: Artifact;
  versions: Artifact[] | undefined;
  chosen: Artifact;
  onChoose: (id: string) => void;
}

export function VersionMenu({ latest, versions, chosen, onChoose }: Props) {
  const all = versions ?? [latest];
  return (
    <Menu
      align="end"
      trigger={
        <Button
          variant="outline"
          className="num text-sm"
          aria-label={t('Version {{version}} of {{latest}}, choose', {
            version: chosen.version,
            latest: latest.version,
          })}
        >
          {t('Version {{version}}', { version: chosen.version })}
          <ChevronDown size={15} aria-hidden="true" />
        </Button>
      }
    >
      <MenuRadioGroup value={chosen.id} onChange={onChoose}>
        {all.map((version) => (
          <MenuRadio key={version.id} value={version.id}>
            <span className="num flex items-baseline gap-3">
              <span className="flex-1">
                {t('Version {{version}}', { version: version.version })}
                {version.id === latest.id && <span className="ml-2 text-xs text-text-3">{t('newest')}</span>}
              </span>
              <span className="text-xs text-text-3">{ago(version.created_at)}</span>
            </span>
          </MenuRadio>
        ))}
      </MenuRadioGroup>
    </Menu>
  );
}

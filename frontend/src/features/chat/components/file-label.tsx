/** How sensitive an attached file is: read and set where it is attached, before it is sent. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { ShieldHalf } from 'lucide-react';
import { api } from '@/api/client';
import { describe } from '@/api/problem';
import { meQuery } from '@/api/queries';
import { Menu, MenuRadio, MenuRadioGroup } from '@/components/ui/menu';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';

const LEVELS = ['public', 'internal', 'confidential', 'restricted'] as const;
type Level = (typeof LEVELS)[number];

const names = (): Record<Level, string> => ({
  public: t('Public'),
  internal: t('Internal'),
  confidential: t('Confidential'),
  restricted: t('Restricted'),
});

export function FileLabel({ fileId, name }: { fileId: string; name: string }) {
  const queries = useQueryClient();
  const { data: me } = useQuery(meQuery);
  const key = ['files', fileId];
  const { data: file } = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => api.get(`/api/files/${fileId}`, { signal }),
  });
  if (!file) return null;
  const most = LEVELS.indexOf((me?.user.data_clearance_level ?? 'internal') as Level);
  const choose = async (level: Level) => {
    try {
      queries.setQueryData(key, await api.patch(`/api/files/${fileId}`, { data_classification: level }));
    } catch (error) {
      toast.error(describe(error));
    }
  };
  const level = file.data_classification;
  return (
    <Menu
      trigger={
        <button
          type="button"
          className="icon-btn sm"
          aria-label={t('Classification of {{name}}: {{level}}', { name, level: names()[level] })}
          title={names()[level]}
        >
          <ShieldHalf size={15} className={LEVELS.indexOf(level) > 1 ? 'text-warn' : undefined} />
        </button>
      }
    >
      <MenuRadioGroup value={level} onChange={(value) => void choose(value as Level)}>
        {LEVELS.filter((_, at) => at <= most).map((value) => (
          <MenuRadio key={value} value={value}>
            {names()[value]}
          </MenuRadio>
        ))}
      </MenuRadioGroup>
    </Menu>
  );
}

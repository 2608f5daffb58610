/** How the answer is made, behind a button; its fields come when somebody asks for them. */
import { SlidersHorizontal } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { IconButton } from '@/components/ui/button';
import { Popover } from '@/components/ui/popover';
import { t } from '@/lib/i18n';
import type { ChatOptions } from '../hooks/use-chat-options';

const ResponseSettings = lazy(async () => ({
  default: (await import('./response-settings')).ResponseSettings,
}));

export function SettingsPopover({ options }: { options: ChatOptions }) {
  const changed = Object.values(options.settings).some(
    (value) => value !== null && value !== undefined && value !== false,
  );
  return (
    <Popover
      title={t('Response settings')}
      className="w-[336px]"
      trigger={
        <IconButton label={t('Response settings')} className="relative">
          <SlidersHorizontal size={18} />
          {changed && <span className="absolute top-1.5 right-1.5 size-1.5 rounded-full bg-accent" />}
        </IconButton>
      }
    >
      <Suspense fallback={<div className="min-h-96" />}>
        <ResponseSettings options={options} changed={changed} />
      </Suspense>
    </Popover>
  );
}

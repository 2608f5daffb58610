/** ‹ 2/3 › between versions of a message. */
import { ChevronLeft, ChevronRight } from 'lucide-react';
import { IconButton } from '@/components/ui/button';
import { t } from '@/lib/i18n';

export function BranchSwitcher({
  siblings,
  current,
  onSwitch,
}: {
  siblings: string[];
  current: string;
  onSwitch: (id: string) => void;
}) {
  const at = siblings.indexOf(current);
  if (siblings.length < 2) return null;
  const previous = siblings[at - 1];
  const next = siblings[at + 1];
  return (
    <span className="inline-flex items-center">
      <IconButton
        small
        label={t('Earlier version (Alt+←)')}
        disabled={!previous}
        onClick={() => previous && onSwitch(previous)}
      >
        <ChevronLeft size={15} />
      </IconButton>
      <span className="num px-0.5 text-text-2 text-xs" data-testid="branch">
        <span className="sr-only">{t('Version')} </span>
        {at + 1}/{siblings.length}
      </span>
      <IconButton
        small
        label={t('Later version (Alt+→)')}
        disabled={!next}
        onClick={() => next && onSwitch(next)}
      >
        <ChevronRight size={15} />
      </IconButton>
    </span>
  );
}

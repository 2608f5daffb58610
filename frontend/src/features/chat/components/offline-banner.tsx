/** Says within a moment that the server is out of reach, and that writing still works. */
import { CloudOff } from 'lucide-react';
import { useConnection } from '@/lib/connection';
import { t } from '@/lib/i18n';

export function OfflineBanner() {
  const { browserOnline, feed } = useConnection();
  if (browserOnline && feed === 'open') return null;
  return (
    <div className="notice warn rise mx-4 mb-2 items-center! py-2! md:mx-auto md:max-w-[736px]" role="status">
      <CloudOff size={16} className="mt-0!" />
      <span>
        {browserOnline
          ? t('The server cannot be reached. Trying again; what you send waits until then.')
          : t('You are offline. What you send waits until the connection is back.')}
      </span>
    </div>
  );
}

/** Recovery codes, shown this once. */
import { Download, KeyRound } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { useCopied } from '@/components/ui/copy-button';
import { Notice } from '@/components/ui/states';
import { t } from '@/lib/i18n';

export function RecoveryCodes({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  const [copied, copy] = useCopied();
  const text = `${codes.join('\n')}\n`;
  return (
    <div className="grid gap-4">
      <Notice tone="warn" icon={<KeyRound size={17} />}>
        {t(
          'Keep these recovery codes where only you find them. Each signs you in once when the app is lost, and they are shown this once.',
        )}
      </Notice>
      <ul className="mono grid grid-cols-1 gap-x-6 gap-y-1.5 rounded-md border border-border bg-surface p-4 text-sm sm:grid-cols-2">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className="flex flex-wrap justify-end gap-2">
        <a
          className="btn out"
          href={`data:text/plain;charset=utf-8,${encodeURIComponent(text)}`}
          download="conductor-recovery-codes.txt"
        >
          <Download size={15} />
          {t('Download')}
        </a>
        <Button variant="outline" onClick={() => copy(text)}>
          {copied ? t('Copied') : t('Copy codes')}
        </Button>
        <Button variant="primary" onClick={onDone}>
          {t('I have kept them')}
        </Button>
      </div>
    </div>
  );
}

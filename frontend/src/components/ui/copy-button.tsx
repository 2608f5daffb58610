/** Copies, and says so. */
import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { t } from '@/lib/i18n';
import { IconButton } from './button';

export function useCopied(): [boolean, (text: string) => Promise<void>] {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  return [
    copied,
    async (text) => {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    },
  ];
}

export function CopyButton({
  text,
  label,
  small = true,
}: {
  text: string | (() => string);
  label?: string;
  small?: boolean;
}) {
  const [copied, copy] = useCopied();
  return (
    <IconButton
      label={copied ? t('Copied') : (label ?? t('Copy'))}
      small={small}
      onClick={() => copy(typeof text === 'string' ? text : text())}
    >
      {copied ? <Check size={15} /> : <Copy size={15} />}
    </IconButton>
  );
}

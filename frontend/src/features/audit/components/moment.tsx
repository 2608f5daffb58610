/** A moment to the second. */
import { locale } from '@/lib/i18n';

export function Moment({ at }: { at: string }) {
  const words = new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'medium' });
  return <time dateTime={at}>{words.format(new Date(at))}</time>;
}

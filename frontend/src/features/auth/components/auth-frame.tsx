/** The page around setup, sign-in and invitation. */
import { CircleAlert, ShieldAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { Notice } from '@/components/ui/states';
import { t } from '@/lib/i18n';

/** Cookies of a sign-in are kept over https, and over http on this machine only. */
function isUnsafe(): boolean {
  const { protocol, hostname } = window.location;
  return protocol !== 'https:' && !['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}

export function AuthFrame({
  title,
  lead,
  children,
  hint,
}: {
  title: string;
  lead: string;
  children: ReactNode;
  hint?: string | null;
}) {
  return (
    <main className="grid min-h-full place-items-center bg-rail px-4 py-10">
      <div className="w-full max-w-[400px]">
        <p className="word mb-10 text-center text-[1.5rem]!">Conductor</p>
        <div className="card rise p-6 shadow-2 sm:p-8">
          <h1 className="title">{title}</h1>
          <p className="mt-2 mb-6 text-text-2">{lead}</p>
          {isUnsafe() && (
            <div className="mb-5">
              <Notice tone="warn" icon={<ShieldAlert size={17} />}>
                {hint ??
                  t(
                    'This page was opened over plain http. Browsers keep a sign-in only over https, or on the machine the server runs on. Put https in front, or open it there.',
                  )}
              </Notice>
            </div>
          )}
          {children}
        </div>
      </div>
    </main>
  );
}

export function FormError({ message }: { message: string | undefined }) {
  if (!message) return null;
  return (
    <Notice tone="err" icon={<CircleAlert size={17} />}>
      {message}
    </Notice>
  );
}

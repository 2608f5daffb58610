/** Buttons that lead to identity providers, and what went wrong on the way back from one. */
import { useQuery } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { signInProvidersQuery } from '@/api/queries';
import { t } from '@/lib/i18n';
import { safeReturn } from '../session';

const problems: Record<string, string> = {
  sign_in_flow_invalid:
    'That sign-in did not begin in this browser, was used before, or took too long. Begin again.',
  identity_provider_refused: 'The provider did not confirm who you are.',
  identity_provider_unusable:
    'The provider cannot be used at the moment. Its administrator finds the reason in the log.',
  sign_up_closed: 'There is no account for you here yet. Ask an administrator for an invitation.',
  account_exists: 'There is an account with your address already. Sign in with its password.',
  address_unverified: 'The provider has not verified your e-mail address.',
  otp_required: 'Your account has a second factor here. Sign in with your password and its code.',
  sign_in_refused: 'This account may not sign in.',
  rate_limited: 'Too many attempts. Wait a little before you try again.',
};

/** What the sign-in page says of a code that it was opened with. */
export function providerProblem(code: string | undefined): string | undefined {
  if (!code) return undefined;
  return t(problems[code] ?? 'Signing in with the provider did not work. Try again.');
}

export function ProviderButtons({ returnTo }: { returnTo: string | undefined }) {
  const { data } = useQuery(signInProvidersQuery);
  const providers = data?.items ?? [];
  if (providers.length === 0) return null;
  const query = new URLSearchParams({ return_to: safeReturn(returnTo) });
  return (
    <div className="mt-5 grid gap-3">
      <p className="flex items-center gap-3 text-sm text-text-3 before:h-px before:flex-1 before:bg-border after:h-px after:flex-1 after:bg-border">
        {t('or')}
      </p>
      {providers.map(({ slug, name }) => (
        <a
          key={slug}
          className="btn out lg"
          href={`/api/auth/oidc/${encodeURIComponent(slug)}/start?${query.toString()}`}
        >
          <KeyRound size={16} />
          {t('Continue with {{name}}', { name })}
        </a>
      ))}
    </div>
  );
}

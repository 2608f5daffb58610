/** What other systems call Conductor with in the name of this agent. */
import { useQuery } from '@tanstack/react-query';
import { meQuery } from '@/api/queries';
import type { Agent } from '@/api/types';
import { SkeletonRows } from '@/components/ui/states';
import { TokensSection } from '@/features/tokens';
import { t } from '@/lib/i18n';

export function AgentTokens({ agent }: { agent: Agent }) {
  const { data: me } = useQuery(meQuery);
  if (!me) return <SkeletonRows rows={3} />;
  return (
    <TokensSection
      owner={{ kind: 'agents', organizationId: agent.organization_id, id: agent.id }}
      lead={t('With a token the agent calls Conductor by itself, from another system.')}
      permissions={me.permissions}
    />
  );
}

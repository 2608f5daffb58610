/** What a conversation has taken and cost so far, as a line of its menu. */
import { useQuery } from '@tanstack/react-query';
import { api } from '@/api/client';
import type { Conversation } from '@/api/types';
import { count, price } from '@/lib/format';
import { t } from '@/lib/i18n';

export function ConversationCost({ conversation }: { conversation: Conversation }) {
  const { data, isError } = useQuery({
    queryKey: ['conversations', 'cost', conversation.id],
    queryFn: ({ signal }) =>
      api.get(`/api/usage/conversations/${conversation.id}`, {
        query: { start_date: conversation.created_at },
        signal,
      }),
    staleTime: 0,
  });
  if (isError) return t('The cost could not be loaded');
  if (!data) return '…';
  const [first] = data.totals;
  if (!first) return t('Nothing was spent yet');
  const tokens = data.totals.reduce((sum, one) => sum + one.input_tokens + one.output_tokens, 0);
  const cost = data.totals.map((one) => price(one.cost, one.currency)).join(' + ');
  return t('{{tokens}} tokens, {{cost}}', { tokens: count(tokens), cost });
}

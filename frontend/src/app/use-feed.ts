/** Brings what happens elsewhere (other tabs, devices, runs) into the page. */
import { useEffect } from 'react';
import { startFeed } from '@/api/feed';
import { queryClient } from '@/api/queries';
import type { FeedEvent } from '@/api/types';
import { dropped, touched } from '@/features/chat';
import { setFeed } from '@/lib/connection';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';

function invalidate(...key: string[]): void {
  void queryClient.invalidateQueries({ queryKey: key });
}

function tellBudget({ type, name = '', hard_stop: stops }: FeedEvent): void {
  if (type === 'budget.warned') toast.warning(t('The budget “{{name}}” is nearly spent.', { name }));
  else if (stops)
    toast.warning(t('The budget “{{name}}” is spent. Calls that cost something stop.', { name }));
  else toast.warning(t('The budget “{{name}}” is spent.', { name }));
}

function onEvent(event: FeedEvent): void {
  const { conversation_id: conversation } = event;
  switch (event.type) {
    case 'conversation.created':
    case 'conversation.updated':
      invalidate('conversations');
      if (conversation) {
        invalidate('artifacts');
        touched(conversation);
      }
      break;
    case 'conversation.deleted':
      // Only the lists: asking for the deleted one again would be refused.
      invalidate('conversations', 'list');
      if (conversation) dropped(conversation);
      break;
    case 'run.started':
    case 'run.finished':
      invalidate('conversations');
      if (conversation) touched(conversation);
      else invalidate('workflows', 'executions');
      if (event.run_id) invalidate('runs', event.run_id);
      break;
    case 'approval.requested':
    case 'approval.decided':
    case 'inbox.changed':
      invalidate('tasks');
      break;
    case 'budget.warned':
    case 'budget.exhausted':
      invalidate('budgets');
      tellBudget(event);
      break;
    case 'access_request.created':
    case 'access_request.decided':
    case 'access_request.withdrawn':
      invalidate('access-requests');
      break;
    case 'grant.changed':
      invalidate('grants');
      invalidate('agents');
      invalidate('connectors');
      invalidate('workflows');
      if (event.resource_type === 'conversation') invalidate('conversations');
      break;
    case 'connector.updated':
      invalidate('connectors');
      invalidate('agents');
      break;
  }
}

export function useFeed(): void {
  useEffect(() => {
    let lost = false;
    const stop = startFeed(onEvent, (state) => {
      setFeed(state);
      // What happened meanwhile was not heard: read everything that is on screen again.
      if (state === 'open' && lost) void queryClient.invalidateQueries();
      lost = state === 'retrying';
    });
    return stop;
  }, []);
}

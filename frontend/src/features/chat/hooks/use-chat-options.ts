/** Agent, model and settings of a chat: of the stored conversation, or of the one that does not exist yet. */
import { useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { api } from '@/api/client';
import { describe } from '@/api/problem';
import { agentOptionsQuery, conversationQuery, modelsQuery, patchConversation } from '@/api/queries';
import type { Agent, Conversation, ConversationSettings, Model } from '@/api/types';
import { toast } from '@/lib/toast';
import { choose, useChoice } from '../model/choice';

export interface ChatOptions {
  agents: Agent[];
  models: Model[];
  agent: Agent | null;
  model: Model | null;
  /** Whether the model is the agent's or the server's own choice. */
  modelIsDefault: boolean;
  settings: ConversationSettings;
  setAgent: (id: string | null) => void;
  setModel: (id: string | null) => void;
  setSettings: (settings: ConversationSettings) => void;
}

function findModel(models: Model[], id: string | null | undefined): Model | null {
  if (!id) return null;
  return models.find((model) => model.id === id || model.aliases.includes(id)) ?? null;
}

export function useChatOptions(conversationId: string | null): ChatOptions {
  const { data: agentPage } = useQuery(agentOptionsQuery);
  const { data: modelPage } = useQuery(modelsQuery);
  const { data: row } = useQuery({
    ...conversationQuery(conversationId ?? ''),
    enabled: conversationId !== null,
  });
  const choice = useChoice();
  const saving = useRef<ReturnType<typeof setTimeout>>(undefined);

  const agents = agentPage?.items.filter((agent) => agent.is_active) ?? [];
  const models = modelPage?.items ?? [];
  const agentId = conversationId ? (row?.agent_id ?? null) : choice.agentId;
  const modelId = conversationId ? (row?.model ?? null) : choice.model;
  const settings = (conversationId ? row?.settings : choice.settings) ?? {};
  const agent = agents.find((candidate) => candidate.id === agentId) ?? null;

  function store(change: Partial<Pick<Conversation, 'agent_id' | 'model' | 'settings'>>, late = false): void {
    if (!conversationId) {
      choose({
        ...('agent_id' in change ? { agentId: change.agent_id ?? null } : {}),
        ...('model' in change ? { model: change.model ?? null } : {}),
        ...(change.settings ? { settings: change.settings } : {}),
      });
      return;
    }
    patchConversation(conversationId, change);
    const send = () =>
      api.put(`/api/conversations/${conversationId}`, change).catch((error: unknown) => {
        toast.error(describe(error));
      });
    clearTimeout(saving.current);
    if (late) saving.current = setTimeout(send, 400);
    else void send();
  }

  return {
    agents,
    models,
    agent,
    model:
      findModel(models, modelId) ??
      findModel(models, agent?.model) ??
      findModel(models, modelPage?.default_model),
    modelIsDefault: !modelId,
    settings,
    setAgent: (id) => store({ agent_id: id }),
    setModel: (id) => store({ model: id }),
    setSettings: (next) => store({ settings: next }, true),
  };
}

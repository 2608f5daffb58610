/** A new agent. */
import { Link, useNavigate } from '@tanstack/react-router';
import { ChevronLeft } from 'lucide-react';
import { t } from '@/lib/i18n';
import { AgentBuilder } from './agent-form';
import '../agents.css';

export function AgentNewPage() {
  const navigate = useNavigate();
  return (
    <div className="page narrow">
      <header>
        <Link to="/library/agents" className="btn -ml-3 text-sm text-text-2">
          <ChevronLeft size={16} />
          {t('Agents')}
        </Link>
        <h1 className="display mt-2">{t('New agent')}</h1>
      </header>
      <AgentBuilder
        onCancel={() => void navigate({ to: '/library/agents' })}
        onSaved={(agent) => void navigate({ to: '/library/agents/$agentId', params: { agentId: agent.id } })}
      />
    </div>
  );
}

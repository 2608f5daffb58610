/** What is chosen of a drawing: a connection or a note, or the drawing itself. Steps have the workflow's own inspector. */
import { Link } from '@tanstack/react-router';
import { Trash2, Workflow as WorkflowIcon, X } from 'lucide-react';
import type { Canvas } from '@/api/types';
import { Button, IconButton } from '@/components/ui/button';
import { TextArea, TextField } from '@/components/ui/field';
import { t } from '@/lib/i18n';
import type { Action } from '../model/editor';
import { type Graph, type GraphNode, titleOf } from '../model/graph';
import { kindInfo } from '../model/kinds';
import { Connections, Section } from './inspector';
import { KindTile } from './kind-icon';

/** A node of which nothing runs. */
export function PieceInspector({
  graph,
  node,
  disabled,
  dispatch,
  onClose,
  fresh,
}: {
  graph: Graph;
  node: GraphNode;
  disabled: boolean;
  dispatch: (action: Action) => void;
  onClose: () => void;
  /** Just added: its name comes first. */
  fresh: boolean;
}) {
  const kind = kindInfo(node.kind);
  const words = typeof node.config.text === 'string' ? node.config.text : '';
  return (
    <>
      <header className="wf-ins-head">
        <KindTile kind={node.kind} emoji={node.layout?.icon} color={node.layout?.color} />
        <div>
          <h2 className="h truncate">{titleOf(node)}</h2>
          <p className="text-xs text-text-3">{kind.name}</p>
        </div>
        {!disabled && (
          <IconButton
            small
            label={t('Delete node')}
            onClick={() => dispatch({ type: 'remove', nodes: [node.id], edges: [] })}
          >
            <Trash2 size={15} />
          </IconButton>
        )}
        <IconButton small label={t('Close inspector')} onClick={onClose}>
          <X size={16} />
        </IconButton>
      </header>
      {kind.does && <p className="text-sm text-text-2">{kind.does}</p>}
      <Section title={t('What it is')}>
        <div className="wf-form">
          <TextField
            label={t('Name')}
            value={node.name ?? ''}
            placeholder={kind.name}
            autoFocus={fresh}
            readOnly={disabled}
            onChange={(event) =>
              dispatch({
                type: 'node',
                id: node.id,
                change: { name: event.target.value || undefined },
                tag: `${node.id}/name`,
              })
            }
          />
          <TextArea
            label={t('Words')}
            rows={4}
            value={words}
            readOnly={disabled}
            onChange={(event) =>
              dispatch({
                type: 'node',
                id: node.id,
                change: { config: { ...node.config, text: event.target.value } },
                tag: `${node.id}/text`,
              })
            }
          />
        </div>
      </Section>
      <Connections graph={graph} node={node} disabled={disabled} dispatch={dispatch} />
    </>
  );
}

/** The drawing itself. */
export function DrawingInspector({
  drawing,
  name,
  nameError,
  disabled,
  workflow,
  turning,
  onName,
  onTurn,
}: {
  drawing: Canvas;
  name: string;
  nameError: string | undefined;
  disabled: boolean;
  /** Whether all that is drawn may stand in a workflow. */
  workflow: boolean;
  turning: boolean;
  onName: (name: string) => void;
  onTurn: () => void;
}) {
  return (
    <>
      <h2 className="h">{t('This drawing')}</h2>
      <p className="text-sm text-text-2">
        {drawing.environment_id
          ? t('Everybody of this environment sees it.')
          : t('Everybody of the organisation sees it.')}{' '}
        {disabled && t('Its owner changes it.')}
      </p>
      <TextField
        label={t('Name')}
        value={name}
        required
        maxLength={100}
        readOnly={disabled}
        error={name.trim() === '' ? t('A drawing needs a name.') : nameError}
        onChange={(event) => onName(event.target.value)}
      />
      <Section title={t('As a workflow')}>
        {drawing.workflow_id && (
          <Link
            to="/workflows/$workflowId"
            params={{ workflowId: drawing.workflow_id }}
            className="btn out justify-self-start text-sm"
          >
            <WorkflowIcon size={15} />
            {t('Open its workflow')}
          </Link>
        )}
        <p className="text-sm text-text-2">
          {workflow
            ? t('All that is drawn can stand in a workflow. It begins as a draft of your own.')
            : t(
                'Only agents, tools and steps can stand in a workflow: take connections and notes out first.',
              )}
        </p>
        <Button
          variant="outline"
          className="justify-self-start text-sm"
          disabled={!workflow}
          busy={turning}
          onClick={onTurn}
        >
          <WorkflowIcon size={15} />
          {t('Turn into a workflow')}
        </Button>
      </Section>
    </>
  );
}

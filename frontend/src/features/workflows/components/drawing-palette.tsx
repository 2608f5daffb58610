/** What can be drawn: the agents, connections and tools that there are, notes, and the steps of workflows. */
import { useQuery } from '@tanstack/react-query';
import { Search } from 'lucide-react';
import { useMemo, useState } from 'react';
import { connectorOptions } from '@/api/names';
import { agentOptionsQuery } from '@/api/queries';
import { Button } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { toolOptions } from '../drawing-queries';
import {
  agentPieces,
  connectionPieces,
  kindPiece,
  notePieces,
  type Piece,
  type PieceGroup,
  toolPieces,
} from '../model/drawing';
import { kindGroups } from '../model/kinds';
import { KIND_MIME } from './canvas';
import { KindTile } from './kind-icon';

/** So many of a group are shown before one searches. */
const SHOWN = 12;

export interface Palette {
  groups: PieceGroup[];
  loading: boolean;
  failed: boolean;
  retry: () => void;
}

const apiNames = (servers: readonly { kind: string; name: string }[]) =>
  new Set(servers.filter(({ kind }) => kind === 'api').map(({ name }) => name));

/** The pieces, from the lists of the server. */
export function usePalette(enabled: boolean): Palette {
  const agents = useQuery({ ...agentOptionsQuery, enabled });
  const servers = useQuery({ ...connectorOptions, enabled });
  const tools = useQuery({ ...toolOptions, enabled });
  const groups = useMemo(
    () => [
      { name: t('Agents'), pieces: agentPieces(agents.data?.items ?? []) },
      { name: t('Connections'), pieces: connectionPieces(servers.data?.items ?? []) },
      { name: t('Tools'), pieces: toolPieces(tools.data?.items ?? [], apiNames(servers.data?.items ?? [])) },
      { name: t('Notes'), pieces: notePieces() },
      { name: t('Steps'), pieces: kindGroups().flatMap(({ kinds }) => kinds.map(kindPiece)) },
    ],
    [agents.data, servers.data, tools.data],
  );
  const lists = [agents, servers, tools];
  return {
    groups,
    loading: lists.some(({ isLoading }) => isLoading),
    failed: lists.some(({ isError }) => isError),
    retry: () => {
      for (const list of lists) if (list.isError) void list.refetch();
    },
  };
}

export function DrawingPalette({ palette, onAdd }: { palette: Palette; onAdd: (piece: Piece) => void }) {
  const [words, setWords] = useState('');
  const wanted = words.trim().toLowerCase();
  const groups = palette.groups
    .map((group) => ({
      name: group.name,
      pieces: group.pieces.filter(({ name, does }) => `${name} ${does}`.toLowerCase().includes(wanted)),
    }))
    .filter(({ pieces }) => pieces.length > 0);
  return (
    <aside className="wf-library" aria-label={t('Palette')}>
      <label className="field">
        <Search size={15} className="flex-none text-text-3" aria-hidden="true" />
        <input
          type="search"
          aria-label={t('Find something to draw')}
          placeholder={t('Find something')}
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
      </label>
      {palette.failed && (
        <div className="p-2 text-sm text-text-2" role="alert">
          <p>{t('Not everything could be loaded.')}</p>
          <Button variant="outline" className="mt-2 text-sm" onClick={palette.retry}>
            {t('Try again')}
          </Button>
        </div>
      )}
      {palette.loading && <Skeleton className="m-2" />}
      {groups.map((group) => {
        const all = wanted !== '' || group.pieces.length <= SHOWN + 6;
        const shown = all ? group.pieces : group.pieces.slice(0, SHOWN);
        return (
          <section key={group.name}>
            <h2 className="label">{group.name}</h2>
            <ul>
              {shown.map((piece) => (
                <li key={piece.key}>
                  <button
                    type="button"
                    className="row"
                    title={piece.does}
                    aria-label={t('Add {{name}}', { name: piece.name })}
                    draggable
                    onDragStart={(event) => {
                      event.dataTransfer.setData(KIND_MIME, piece.key);
                      event.dataTransfer.effectAllowed = 'copy';
                    }}
                    onClick={() => onAdd(piece)}
                  >
                    <KindTile kind={piece.kind} size={26} />
                    <span className="truncate">{piece.name}</span>
                  </button>
                </li>
              ))}
            </ul>
            {!all && (
              <p className="px-2 text-xs text-text-3">
                {t('{{number}} more: find them by name', { number: group.pieces.length - SHOWN })}
              </p>
            )}
          </section>
        );
      })}
      {groups.length === 0 && <p className="p-3 text-sm text-text-3">{t('Nothing is called so.')}</p>}
    </aside>
  );
}

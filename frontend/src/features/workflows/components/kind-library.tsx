/** The kinds of nodes, to be dragged onto the drawing or added by a press. */
import { Search } from 'lucide-react';
import { useState } from 'react';
import { t } from '@/lib/i18n';
import { kindGroups, kindInfo } from '../model/kinds';
import { KIND_MIME } from './canvas';
import { KindTile } from './kind-icon';

export function KindLibrary({ onAdd }: { onAdd: (kind: string) => void }) {
  const [words, setWords] = useState('');
  const wanted = words.trim().toLowerCase();
  const groups = kindGroups()
    .map((group) => ({
      ...group,
      kinds: group.kinds.filter((kind) => {
        const { name, does } = kindInfo(kind);
        return `${name} ${does}`.toLowerCase().includes(wanted);
      }),
    }))
    .filter((group) => group.kinds.length > 0);
  return (
    <aside className="wf-library" aria-label={t('Node library')}>
      <label className="field">
        <Search size={15} className="flex-none text-text-3" aria-hidden="true" />
        <input
          type="search"
          aria-label={t('Find a node')}
          placeholder={t('Find a node')}
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
      </label>
      {groups.map((group) => (
        <section key={group.name}>
          <h2 className="label">{group.name}</h2>
          <ul>
            {group.kinds.map((kind) => {
              const { name, does } = kindInfo(kind);
              return (
                <li key={kind}>
                  <button
                    type="button"
                    className="row"
                    title={does}
                    aria-label={t('Add {{name}}', { name })}
                    draggable
                    onDragStart={(event) => {
                      event.dataTransfer.setData(KIND_MIME, kind);
                      event.dataTransfer.effectAllowed = 'copy';
                    }}
                    onClick={() => onAdd(kind)}
                  >
                    <KindTile kind={kind} size={26} />
                    <span>{name}</span>
                  </button>
                </li>
              );
            })}
          </ul>
        </section>
      ))}
      {groups.length === 0 && <p className="p-3 text-sm text-text-3">{t('No kind is called so.')}</p>}
    </aside>
  );
}

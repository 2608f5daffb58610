/** The drawings of the organisation, or one of them; the surface is large and therefore a chunk of its own. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { ChevronLeft, Pencil, Plus } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { describe, Problem } from '@/api/problem';
import { meQuery } from '@/api/queries';
import { LibraryHead, LibraryList } from '@/components/shared/library';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { TextField } from '@/components/ui/field';
import { EmptyState, ErrorState, Notice, Skeleton, SkeletonRows } from '@/components/ui/states';
import { ago } from '@/lib/format';
import { t } from '@/lib/i18n';
import { drawingById, drawingList, useCreateDrawing } from '../drawing-queries';
import { drawingAddress } from '../model/drawing-address';
import '../workflows.css';

const DrawingDesk = lazy(() => import('./drawing-desk'));

function Waiting() {
  return (
    <div className="page narrow" aria-busy="true">
      <Skeleton style={{ height: 40, width: '50%' }} />
      <SkeletonRows rows={6} />
    </div>
  );
}

export default function DrawingsPage({ canvasId }: { canvasId: string | undefined }) {
  const me = useQuery(meQuery);
  const organization = me.data?.organization.id;
  if (organization === undefined) return <Waiting />;
  if (canvasId === undefined) return <List organization={organization} />;
  return <One key={canvasId} organization={organization} id={canvasId} />;
}

function One({ organization, id }: { organization: string; id: string }) {
  const query = useQuery(drawingById(organization, id));
  if (query.isPending) return <Waiting />;
  if (query.data) {
    return (
      <Suspense fallback={<Waiting />}>
        <DrawingDesk organization={organization} drawing={query.data} />
      </Suspense>
    );
  }
  return (
    <div className="page narrow">
      <Link {...drawingAddress()} className="btn -ml-3 -mb-4 justify-self-start text-sm text-text-2">
        <ChevronLeft size={16} />
        {t('Drawings')}
      </Link>
      <div className="card border-dashed">
        <ErrorState
          title={t('This drawing could not be loaded')}
          error={query.error}
          onRetry={() => void query.refetch()}
        />
      </div>
    </div>
  );
}

function List({ organization }: { organization: string }) {
  const [creating, setCreating] = useState(false);
  const list = useInfiniteQuery(drawingList(organization));
  const drawings = list.data?.pages.flatMap((page) => page.items) ?? [];
  const add = (
    <Button variant="primary" onClick={() => setCreating(true)}>
      <Plus size={16} />
      {t('New drawing')}
    </Button>
  );
  return (
    <div className="page">
      <Link to="/workflows" className="btn -ml-3 -mb-4 justify-self-start text-sm text-text-2">
        <ChevronLeft size={16} />
        {t('Workflows')}
      </Link>
      <LibraryHead
        title={t('Canvas')}
        lead={t('Drawings of agents, tools and connections, seen by the whole organisation.')}
      >
        {add}
      </LibraryHead>
      <LibraryList
        label={t('Drawings')}
        list={list}
        length={drawings.length}
        skeleton={<Skeleton style={{ height: 120 }} />}
        failed={t('The drawings could not be loaded')}
        empty={
          <EmptyState
            icon={<Pencil />}
            title={t('No drawings yet')}
            action={
              <Button variant="outline" onClick={() => setCreating(true)}>
                {t('Begin a drawing')}
              </Button>
            }
          >
            {t('Lay out what works with what, before there is a workflow of it.')}
          </EmptyState>
        }
        className=""
      >
        <ul className="library-grid">
          {drawings.map((drawing) => (
            <li key={drawing.id} className="wf-card card">
              <header>
                <span className="tile" style={{ ['--k' as string]: 'var(--accent)' }} aria-hidden="true">
                  <Pencil size={20} />
                </span>
                <div>
                  <h2 className="card-title truncate">
                    {/* The whole card is the link. */}
                    <Link {...drawingAddress(drawing.id)} className="wf-card-link">
                      {drawing.name}
                    </Link>
                  </h2>
                  <p className="truncate text-xs text-text-3">
                    {drawing.can_edit ? t('You may change it') : t('Read only')}
                    {' · '}
                    {ago(drawing.updated_at)}
                  </p>
                </div>
              </header>
            </li>
          ))}
        </ul>
      </LibraryList>
      <Dialog
        open={creating}
        onClose={() => setCreating(false)}
        title={t('New drawing')}
        description={t('It is empty at first; everybody of the organisation sees it.')}
      >
        <Create organization={organization} onClose={() => setCreating(false)} />
      </Dialog>
    </div>
  );
}

function Create({ organization, onClose }: { organization: string; onClose: () => void }) {
  const [name, setName] = useState('');
  const [asked, setAsked] = useState(false);
  const create = useCreateDrawing(organization);
  const navigate = useNavigate();
  const missing = asked && name.trim() === '' ? t('A drawing needs a name.') : undefined;
  const refused = create.error instanceof Problem ? create.error.fieldError('name') : undefined;
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setAsked(true);
        if (name.trim() === '') return;
        create.mutate(
          { name: name.trim(), state_json: { nodes: [], edges: [] } },
          {
            onSuccess: ({ id }) => navigate(drawingAddress(id)),
          },
        );
      }}
    >
      <div className="wf-form">
        {create.error && !refused && <Notice tone="err">{describe(create.error)}</Notice>}
        <TextField
          label={t('Name')}
          value={name}
          required
          maxLength={100}
          autoFocus
          error={missing ?? refused}
          onChange={(event) => setName(event.target.value)}
        />
      </div>
      <div className="wf-foot">
        <Button variant="outline" onClick={onClose}>
          {t('Cancel')}
        </Button>
        <Button variant="primary" type="submit" busy={create.isPending}>
          {t('Create drawing')}
        </Button>
      </div>
    </form>
  );
}

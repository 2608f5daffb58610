/** The tools above a drawing: back and forth, tidying up, and how near one looks at it. */
import { useReactFlow } from '@xyflow/react';
import { LayoutDashboard, Maximize, Redo2, Undo2, ZoomIn, ZoomOut } from 'lucide-react';
import type { ReactNode } from 'react';
import { IconButton } from '@/components/ui/button';
import { t } from '@/lib/i18n';
import type { Action, Editor } from '../model/editor';
import { FIT } from './canvas';

/** How fast the view moves; at once for whoever asked for stillness. */
export function motion(): { duration: number } {
  return { duration: window.matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 200 };
}

export function DrawingTools({
  editor,
  disabled,
  dispatch,
  add,
  children,
}: {
  editor: Editor;
  disabled: boolean;
  dispatch: (action: Action) => void;
  /** Adds something where there is no room for the library. */
  add: ReactNode;
  children?: ReactNode;
}) {
  const flow = useReactFlow();
  return (
    <div className="wf-tools" role="toolbar" aria-label={t('Drawing')}>
      {!disabled && (
        <>
          {add}
          <IconButton
            label={t('Undo')}
            disabled={editor.history.past.length === 0}
            onClick={() => dispatch({ type: 'undo' })}
          >
            <Undo2 size={17} />
          </IconButton>
          <IconButton
            label={t('Redo')}
            disabled={editor.history.future.length === 0}
            onClick={() => dispatch({ type: 'redo' })}
          >
            <Redo2 size={17} />
          </IconButton>
          <IconButton
            label={t('Tidy up')}
            onClick={() => {
              dispatch({ type: 'arrange' });
              setTimeout(() => void flow.fitView({ ...FIT, ...motion() }), 50);
            }}
          >
            <LayoutDashboard size={17} />
          </IconButton>
        </>
      )}
      <IconButton label={t('Zoom in')} onClick={() => void flow.zoomIn(motion())}>
        <ZoomIn size={17} />
      </IconButton>
      <IconButton label={t('Zoom out')} onClick={() => void flow.zoomOut(motion())}>
        <ZoomOut size={17} />
      </IconButton>
      <IconButton label={t('Fit to view')} onClick={() => void flow.fitView({ ...FIT, ...motion() })}>
        <Maximize size={17} />
      </IconButton>
      {children}
    </div>
  );
}

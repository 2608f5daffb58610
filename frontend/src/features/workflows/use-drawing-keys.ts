/** The keys of a drawing, and its clipboard; what is typed into a field stays the field's. */
import { type RefObject, useEffect, useRef } from 'react';
import type { Action, Editor } from './model/editor';
import { copied, pieceOf, pieceText } from './model/graph';

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;
}

export function useDrawingKeys({
  editor,
  disabled,
  root,
  dispatch,
  onSave,
  onEnter,
}: {
  editor: Editor;
  disabled: boolean;
  /** What holds the drawing. */
  root: RefObject<HTMLElement | null>;
  dispatch: (action: Action) => void;
  /** Ctrl S. */
  onSave: () => void;
  /** Ctrl Enter. */
  onEnter?: (() => void) | undefined;
}) {
  const graph = editor.history.present;
  const keys = useRef<(event: KeyboardEvent) => void>(() => {});
  keys.current = (event) => {
    const mod = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (mod && key === 's') {
      event.preventDefault();
      onSave();
      return;
    }
    if (mod && event.key === 'Enter' && onEnter) {
      event.preventDefault();
      onEnter();
      return;
    }
    if (isTyping(event.target) || disabled) return;
    const drawing = event.target instanceof Element && event.target.closest('.wf-canvas') !== null;
    if (mod && (key === 'z' || key === 'y')) {
      event.preventDefault();
      dispatch({ type: key === 'y' || event.shiftKey ? 'redo' : 'undo' });
    } else if (drawing && (event.key === 'Delete' || event.key === 'Backspace')) {
      event.preventDefault();
      dispatch({ type: 'remove', nodes: editor.nodes, edges: editor.edges });
      root.current?.querySelector<HTMLElement>('.wf-canvas')?.focus({ preventScroll: true });
    } else if (drawing && mod && key === 'd') {
      event.preventDefault();
      dispatch({ type: 'paste', piece: copied(graph, editor.nodes) });
    } else if (drawing && mod && key === 'a') {
      event.preventDefault();
      dispatch({ type: 'select', nodes: graph.nodes.map(({ id }) => id) });
    }
  };
  const clipboard = useRef<(event: ClipboardEvent) => void>(() => {});
  clipboard.current = (event) => {
    const drawing = document.activeElement?.closest('.wf-canvas') ?? null;
    if (isTyping(document.activeElement) || !drawing || !event.clipboardData) return;
    if (event.type === 'paste') {
      const piece = pieceOf(event.clipboardData.getData('text/plain'));
      if (!piece || disabled) return;
      event.preventDefault();
      dispatch({ type: 'paste', piece });
      return;
    }
    if (editor.nodes.length === 0) return;
    event.preventDefault();
    event.clipboardData.setData('text/plain', pieceText(copied(graph, editor.nodes)));
    if (event.type === 'cut' && !disabled) dispatch({ type: 'remove', nodes: editor.nodes, edges: [] });
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => keys.current(event);
    const onClipboard = (event: ClipboardEvent) => clipboard.current(event);
    const kinds = ['copy', 'cut', 'paste'] as const;
    document.addEventListener('keydown', onKey);
    for (const kind of kinds) document.addEventListener(kind, onClipboard);
    return () => {
      document.removeEventListener('keydown', onKey);
      for (const kind of kinds) document.removeEventListener(kind, onClipboard);
    };
  }, []);
}

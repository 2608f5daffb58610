/** An editor for source. It is large, so this file is only ever imported lazily. */
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { Compartment, EditorState, type Extension } from '@codemirror/state';
import { EditorView, keymap } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { basicSetup } from 'codemirror';
import { useEffect, useRef } from 'react';

const palette = HighlightStyle.define([
  { tag: [tags.keyword, tags.tagName, tags.heading, tags.operatorKeyword], color: 'var(--c-key)' },
  { tag: [tags.string, tags.attributeValue, tags.regexp, tags.inserted], color: 'var(--c-str)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--c-num)' },
  { tag: [tags.comment, tags.meta, tags.quote], color: 'var(--c-com)' },
  {
    tag: [tags.function(tags.variableName), tags.typeName, tags.className, tags.propertyName, tags.link],
    color: 'var(--c-fn)',
  },
  { tag: tags.strong, fontWeight: '600' },
  { tag: tags.emphasis, fontStyle: 'italic' },
]);

const look = EditorView.theme({
  '&': { height: '100%', fontSize: 'var(--fs-sm)', color: 'var(--text)', backgroundColor: 'transparent' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.6', overscrollBehavior: 'contain' },
  '.cm-content': { padding: '12px 0', caretColor: 'var(--accent-text)' },
  '.cm-cursor': { borderLeftColor: 'var(--accent-text)', borderLeftWidth: '2px' },
  '.cm-gutters': { backgroundColor: 'transparent', border: '0', color: 'var(--text-3)' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--hover)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'color-mix(in srgb, var(--accent) 28%, transparent)',
  },
  '.cm-panels': { backgroundColor: 'var(--rail)', color: 'var(--text)', borderColor: 'var(--border)' },
  '.cm-tooltip': { backgroundColor: 'var(--raised)', border: '1px solid var(--border)', borderRadius: '8px' },
});

/** Each language is a chunk of its own: an editor needs one of them. */
async function languageOf(name: string): Promise<Extension> {
  switch (name.toLowerCase()) {
    case 'html':
    case 'xml':
    case 'svg':
    case 'vue':
      return (await import('@codemirror/lang-html')).html();
    case 'css':
    case 'scss':
      return (await import('@codemirror/lang-css')).css();
    case 'js':
    case 'javascript':
    case 'jsx':
      return (await import('@codemirror/lang-javascript')).javascript({ jsx: true });
    case 'ts':
    case 'typescript':
      return (await import('@codemirror/lang-javascript')).javascript({ typescript: true });
    case 'tsx':
      return (await import('@codemirror/lang-javascript')).javascript({ jsx: true, typescript: true });
    case 'json':
      return (await import('@codemirror/lang-json')).json();
    case 'markdown':
    case 'md':
      return (await import('@codemirror/lang-markdown')).markdown();
    case 'py':
    case 'python':
      return (await import('@codemirror/lang-python')).python();
    default:
      return [];
  }
}

interface Props {
  value: string;
  language: string;
  label: string;
  onChange: (value: string) => void;
  /** Mod+S. */
  onSave?: () => void;
  readOnly?: boolean;
}

export default function CodeEditor({ value, language, label, onChange, onSave, readOnly = false }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const handlers = useRef({ onChange, onSave });
  handlers.current = { onChange, onSave };
  const parts = useRef({ language: new Compartment(), readOnly: new Compartment() });

  // biome-ignore lint/correctness/useExhaustiveDependencies: the editor is built once; what changes is handed in below
  useEffect(() => {
    if (!host.current) return;
    const editor = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          keymap.of([
            {
              key: 'Mod-s',
              preventDefault: true,
              run: () => {
                handlers.current.onSave?.();
                return true;
              },
            },
          ]),
          basicSetup,
          look,
          syntaxHighlighting(palette),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': label }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) handlers.current.onChange(update.state.doc.toString());
          }),
          parts.current.language.of([]),
          parts.current.readOnly.of(EditorState.readOnly.of(readOnly)),
        ],
      }),
    });
    view.current = editor;
    return () => editor.destroy();
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === value) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
  }, [value]);

  useEffect(() => {
    view.current?.dispatch({
      effects: parts.current.readOnly.reconfigure(EditorState.readOnly.of(readOnly)),
    });
  }, [readOnly]);

  useEffect(() => {
    let live = true;
    languageOf(language).then(
      (extension) =>
        live && view.current?.dispatch({ effects: parts.current.language.reconfigure(extension) }),
      // Without its grammar the source is still editable.
      () => undefined,
    );
    return () => {
      live = false;
    };
  }, [language]);

  return <div ref={host} className="artifact-editor" />;
}

// @vitest-environment jsdom
/** The composer: what sends, what does not, and that nothing is sent twice. */
import { fireEvent, render, screen } from '@testing-library/react';
import { createRef } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TooltipProvider } from '@/components/ui/tooltip';
import type { ChatOptions } from '../hooks/use-chat-options';
import { useDraft } from '../hooks/use-draft';
import type { Outgoing } from '../model/actions';
import { loadDraft } from '../model/drafts';
import { Composer } from './composer';

const options: ChatOptions = {
  agents: [],
  models: [],
  agent: null,
  model: null,
  modelIsDefault: true,
  settings: {},
  setAgent: () => {},
  setModel: () => {},
  setSettings: () => {},
};

const sent = vi.fn<(outgoing: Outgoing) => void>();

function Harness({ sendOn = 'enter', where = 'c1' }: { sendOn?: 'enter' | 'mod_enter'; where?: string }) {
  const draft = useDraft(where);
  return (
    <TooltipProvider>
      <Composer
        inputRef={createRef()}
        draft={draft}
        options={options}
        sendOn={sendOn}
        runId={null}
        blocked={false}
        usedTokens={0}
        onSend={sent}
        onStop={() => {}}
      />
    </TooltipProvider>
  );
}

const field = () => screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Message' });
const type = (text: string) => fireEvent.change(field(), { target: { value: text } });

beforeEach(() => {
  localStorage.clear();
  sent.mockClear();
  vi.stubGlobal('CSS', { supports: () => true, escape: (text: string) => text });
});
afterEach(() => {
  document.body.innerHTML = '';
  vi.unstubAllGlobals();
});

describe('the composer', () => {
  it('sends on Enter, empties itself, and forgets the draft at once', () => {
    render(<Harness />);
    type('  hello ');
    fireEvent.keyDown(field(), { key: 'Enter' });
    expect(sent).toHaveBeenCalledExactlyOnceWith({ content: 'hello', images: [], attachments: [] });
    expect(field().value).toBe('');
    expect(loadDraft('c1').text).toBe('');
  });

  it.each([
    ['Shift+Enter', { key: 'Enter', shiftKey: true }],
    ['an Enter that ends a composition', { key: 'Enter', isComposing: true }],
    ['the key code of an input method', { key: 'Enter', keyCode: 229 }],
  ])('does not send on %s', (_name, event) => {
    render(<Harness />);
    type('hello');
    fireEvent.keyDown(field(), event);
    expect(sent).not.toHaveBeenCalled();
    expect(field().value).toBe('hello');
  });

  it('sends on Ctrl+Enter only, where that is the setting', () => {
    render(<Harness sendOn="mod_enter" />);
    type('hello');
    fireEvent.keyDown(field(), { key: 'Enter' });
    expect(sent).not.toHaveBeenCalled();
    fireEvent.keyDown(field(), { key: 'Enter', ctrlKey: true });
    expect(sent).toHaveBeenCalledOnce();
  });

  it('sends nothing that is empty', () => {
    render(<Harness />);
    type('   ');
    fireEvent.keyDown(field(), { key: 'Enter' });
    expect(sent).not.toHaveBeenCalled();
  });

  it('keeps a draft for each conversation', () => {
    const { rerender } = render(<Harness where="c1" />);
    type('half a thought');
    rerender(<Harness where="c2" />);
    expect(field().value).toBe('');
    type('another');
    rerender(<Harness where="c1" />);
    expect(field().value).toBe('half a thought');
    expect(loadDraft('c2').text).toBe('another');
  });
});

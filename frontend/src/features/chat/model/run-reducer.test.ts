/** The run reducer: snapshots, deltas, replays. */
import { describe, expect, it } from 'vitest';
import type { EventBody, HumanTask, Message, RunEvent } from '@/api/types';
import { emptyRun, reduceRun, withRun } from './run-reducer';

function events(...bodies: EventBody[]): RunEvent[] {
  return bodies.map(
    (body, index) => ({ run_id: 'r', seq: index + 1, at: '2026-11-20T10:00:00Z', ...body }) as RunEvent,
  );
}

const stored: Message = {
  id: 'm',
  conversation_id: 'c',
  parent_message_id: 'q',
  role: 'assistant',
  content: '',
  created_at: '2026-11-20T10:00:00Z',
  images: [],
  attachments: [],
  run_id: 'r',
  status: 'streaming',
  tool_calls: [],
  artifacts: [],
  data_classification: 'public',
  sibling_ids: ['m'],
  metadata: {},
};

const task: HumanTask = {
  id: 't',
  run_id: 'r',
  call_id: 'c1',
  title: 'Write a file',
  message: 'Write a file?',
  priority: 'normal',
  tool: 'write_file',
  server: 'files',
  arguments: { path: 'a' },
  allowed_decisions: ['allow_once', 'allow_in_conversation', 'allow_always', 'deny'],
  status: 'pending',
  created_at: '2026-11-20T10:00:00Z',
};

const talk = events(
  { type: 'run.started', kind: 'chat', conversation_id: 'c', message_id: 'm' },
  { type: 'thinking.delta', message_id: 'm', text: 'Hm. ' },
  { type: 'message.delta', message_id: 'm', text: 'Hello' },
  { type: 'message.delta', message_id: 'm', text: ' world' },
);

describe('reduceRun', () => {
  it('collects text and thinking', () => {
    const view = reduceRun(emptyRun('r'), talk);
    expect(view).toMatchObject({
      text: 'Hello world',
      thinking: 'Hm. ',
      status: 'running',
      messageId: 'm',
      seq: 4,
    });
  });

  it('is idempotent: any replay and any batching give the same view', () => {
    const whole = reduceRun(emptyRun('r'), talk);
    let cut = emptyRun('r');
    for (const event of talk) cut = reduceRun(reduceRun(cut, [event]), [event]);
    expect(cut).toEqual(whole);
    expect(reduceRun(whole, talk)).toBe(whole);
  });

  it('follows a tool call through approval to its result', () => {
    const called = events(
      { type: 'tool.called', call_id: 'c1', tool: 'write_file', server: 'files', arguments: { path: 'a' } },
      { type: 'tool.decided', call_id: 'c1', effect: 'approve', rule_id: 'ask-writes', obligations: [] },
      { type: 'approval.requested', human_task: task },
      { type: 'run.status', status: 'waiting' },
      { type: 'approval.decided', human_task: { ...task, status: 'decided', decision: 'allow_once' } },
      {
        type: 'tool.result',
        call_id: 'c1',
        ok: true,
        content: [{ type: 'text', text: 'ok' }],
        duration_ms: 12,
        cached: false,
        attempts: 1,
      },
    );
    const waiting = reduceRun(emptyRun('r'), called.slice(0, 4));
    expect(waiting.toolCalls[0]).toMatchObject({
      status: 'waiting',
      rule_id: 'ask-writes',
      human_task: { status: 'pending' },
    });
    expect(withRun(stored, waiting).status).toBe('waiting');
    const done = reduceRun(waiting, called);
    expect(done.toolCalls[0]).toMatchObject({
      status: 'succeeded',
      duration_ms: 12,
      human_task: { decision: 'allow_once' },
    });
  });

  it('keeps a denied call denied although a result tells the model so', () => {
    const view = reduceRun(
      emptyRun('r'),
      events(
        { type: 'tool.called', call_id: 'c1', tool: 'write_file', arguments: {} },
        { type: 'approval.requested', human_task: task },
        { type: 'approval.decided', human_task: { ...task, status: 'decided', decision: 'deny' } },
        {
          type: 'tool.result',
          call_id: 'c1',
          ok: false,
          content: [],
          duration_ms: 0,
          cached: false,
          attempts: 0,
        },
      ),
    );
    expect(view.toolCalls[0]?.status).toBe('denied');
  });

  it('streams an artifact and takes its stored text at the end', () => {
    const artifact = {
      artifact_id: 'a1',
      identifier: 'report',
      version: 1,
      artifact_type: 'text' as const,
      title: 'Report',
    };
    const all = events(
      { type: 'artifact.started', message_id: 'm', ...artifact },
      { type: 'artifact.delta', artifact_id: 'a1', text: '# Re' },
      { type: 'artifact.delta', artifact_id: 'a1', text: 'port' },
      { type: 'artifact.completed', ...artifact, text: '# Report\n' },
    );
    expect(reduceRun(emptyRun('r'), all.slice(0, 3)).artifacts[0]).toMatchObject({
      text: '# Report',
      done: false,
    });
    expect(reduceRun(emptyRun('r'), all).artifacts[0]).toMatchObject({ text: '# Report\n', done: true });
  });

  it('adds up the usage of several model calls', () => {
    const use = {
      type: 'usage' as const,
      model: 'demo',
      provider: 'demo',
      input_tokens: 10,
      output_tokens: 5,
      cached_tokens: 2,
      cost: '0.001',
      currency: 'USD',
    };
    expect(reduceRun(emptyRun('r'), events(use, use)).usage).toMatchObject({
      input: 20,
      output: 10,
      cached: 4,
      cost: 0.002,
    });
  });
});

describe('withRun', () => {
  it('shows the longer of the stored and the live text while a replay catches up', () => {
    const ahead = { ...stored, content: 'Hello wor' };
    expect(withRun(ahead, reduceRun(emptyRun('r'), talk.slice(0, 3))).content).toBe('Hello wor');
    expect(withRun(ahead, reduceRun(emptyRun('r'), talk)).content).toBe('Hello world');
  });

  it('keeps partial text of a failed run and names the cause', () => {
    const failed = reduceRun(reduceRun(emptyRun('r'), talk), [
      {
        run_id: 'r',
        seq: 5,
        at: '',
        type: 'run.finished',
        status: 'failed',
        error: {
          code: 'provider_error',
          title: 'The provider failed',
          detail: 'It said 500.',
          retryable: true,
        },
      },
    ]);
    expect(withRun(stored, failed)).toMatchObject({
      status: 'failed',
      content: 'Hello world',
      error: { code: 'provider_error' },
    });
  });

  it('is the completed message once the run is over', () => {
    // The event carries what the run knows; the rest stays as the list of messages told it.
    const message = { id: 'm', content: 'Hello world!', status: 'complete' as const };
    const view = reduceRun(emptyRun('r'), [
      ...talk,
      { run_id: 'r', seq: 5, at: '', type: 'message.completed', message },
      { run_id: 'r', seq: 6, at: '', type: 'run.finished', status: 'succeeded' },
    ]);
    expect(withRun(stored, view)).toEqual({
      ...stored,
      content: 'Hello world!',
      status: 'complete',
      error: null,
    });
  });
});

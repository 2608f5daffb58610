import { expect, test } from 'vitest';
import type { WorkflowTemplate } from '@/api/types';
import { grouped, matching, needsOf } from './templates';

const template = (more: Partial<WorkflowTemplate>): WorkflowTemplate => ({
  id: 'ticket-routing',
  title: 'Ticket routing',
  description: 'Sorts a support ticket.',
  category: 'support',
  node_count: 5,
  servers: [],
  credentials: [],
  problems: [],
  graph: {},
  document: '',
  ...more,
});

test('templates are found by words of their name, text and field of work', () => {
  const all = [
    template({}),
    template({ id: 'orders', title: 'Orders', description: '', category: 'commerce' }),
  ];
  const found = (words: string) => matching(all, words).map(({ id }) => id);
  expect(found('')).toEqual(['ticket-routing', 'orders']);
  expect(found(' SUPPORT sorts ')).toEqual(['ticket-routing']);
  expect(found('commerce')).toEqual(['orders']);
  expect(found('support commerce')).toEqual([]);
});

test('templates are told by group, in the order in which they come', () => {
  const all = [
    template({ id: 'a', category: 'hr' }),
    template({ id: 'b', category: 'gardening' }),
    template({ id: 'c', category: 'hr' }),
  ];
  const groups = grouped(all).map(({ name, templates }) => [name, templates.map(({ id }) => id)]);
  expect(groups).toEqual([
    ['Human resources', ['a', 'c']],
    ['gardening', ['b']],
  ]);
});

test('what is missing is told apart from what is there', () => {
  const problem = {
    severity: 'error' as const,
    code: 'unknown_name',
    pointer: '/nodes/0/config/connector',
    message: 'there is no connector shop',
  };
  const needs = { servers: ['shop', 'crm'], credentials: ['SLACK_BOT_TOKEN'], problems: [problem] };
  expect(needsOf(template(needs))).toEqual([
    { text: 'Needs the server shop', missing: true },
    { text: 'Needs the server crm', missing: false },
    { text: 'Needs the credential SLACK_BOT_TOKEN', missing: false },
  ]);
});

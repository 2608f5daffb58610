/** What a form of settings shows. */
import { expect, it } from 'vitest';
import { fieldsOf } from './fields';

const keys = (config: Record<string, unknown>) =>
  fieldsOf('database', config)
    .map(({ key }) => key)
    .slice(3);

it('shows what an action of a database needs', () => {
  const sql = { db_type: 'postgresql' };
  expect(keys({ ...sql, action: 'select' })).toEqual(['query', 'params']);
  expect(keys({ ...sql, action: 'insert' })).toEqual(['collection', 'data']);
  expect(keys({ ...sql, action: 'update' })).toEqual(['collection', 'data', 'where', 'params']);
  expect(keys({ ...sql, action: 'delete' })).toEqual(['collection', 'where', 'params']);
  expect(keys({ db_type: 'mongodb', action: 'find' })).toEqual(['collection', 'query']);
});

it('hides nothing that a document holds', () => {
  expect(keys({ db_type: 'mysql', action: 'select', where: 'id = 1' })).toEqual(['query', 'params', 'where']);
});

it('asks which of its tools an agent may use', () => {
  const tools = fieldsOf('agent').find(({ key }) => key === 'tools');
  expect(tools).toMatchObject({ type: 'list', nothing: 'No tools at all' });
});

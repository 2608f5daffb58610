/** Arguments and results as readable JSON; a flat object is written as `name: value` lines. */
import { Fragment, type ReactNode } from 'react';

function scalar(value: unknown): ReactNode {
  if (typeof value === 'string') return <span className="s">{JSON.stringify(value)}</span>;
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) {
    return <span className="n">{String(value)}</span>;
  }
  return JSON.stringify(value);
}

function lines(value: unknown, indent: string): ReactNode {
  if (value === null || typeof value !== 'object') return scalar(value);
  const entries = Array.isArray(value) ? value.map((item) => ['', item] as const) : Object.entries(value);
  if (entries.length === 0) return Array.isArray(value) ? '[]' : '{}';
  const deeper = `${indent}  `;
  return (
    <>
      {Array.isArray(value) ? '[' : '{'}
      {entries.map(([key, item], index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines of a value have no identity of their own
        <Fragment key={index}>
          {`\n${deeper}`}
          {key !== '' && <span className="k">{key}</span>}
          {key !== '' && ': '}
          {lines(item, deeper)}
          {index < entries.length - 1 && ','}
        </Fragment>
      ))}
      {`\n${indent}`}
      {Array.isArray(value) ? ']' : '}'}
    </>
  );
}

export function JsonView({ value }: { value: unknown }) {
  const flat =
    value !== null &&
    typeof value === 'object' &&
    !Array.isArray(value) &&
    Object.keys(value).length > 0 &&
    Object.values(value).every((item) => item === null || typeof item !== 'object');
  if (flat) {
    return (
      <div className="json">
        {Object.entries(value).map(([key, item]) => (
          <div key={key}>
            <span className="k">{key}</span>: {scalar(item)}
          </div>
        ))}
      </div>
    );
  }
  return <div className="json">{lines(value, '')}</div>;
}

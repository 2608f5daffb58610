/** What an organisation lets its workflows read as `context`: the paths by which expressions find it. */

type Values = Record<string, unknown>;

export const isObject = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The path of each value, the company's name first: that is there whatever the organisation says. */
export function contextPaths(context: Values): string[] {
  const paths = (values: Values, above: string): string[] =>
    Object.entries(values).flatMap(([name, value]) =>
      isObject(value) ? paths(value, `${above}.${name}`) : [`${above}.${name}`],
    );
  return [...new Set(['context.company.name', ...paths(context, 'context')])];
}

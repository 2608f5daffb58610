/** A person's attributes as a form holds them: rows of text, read back as text, numbers, yes and no. */

export interface AttributeRow {
  name: string;
  value: string;
}

export type Attributes = Record<string, string | number | boolean>;

export function rowsOf(attributes: Record<string, unknown> | undefined): AttributeRow[] {
  return Object.entries(attributes ?? {}).map(([name, value]) => ({ name, value: String(value) }));
}

/** `true` and `false` are yes and no, plain numbers are numbers, everything else is text. */
function read(text: string): string | number | boolean {
  const trimmed = text.trim();
  if (trimmed === 'true' || trimmed === 'false') return trimmed === 'true';
  // A leading zero is part of a code such as 007, which is text.
  return /^-?(0|[1-9]\d{0,14})(\.\d+)?$/.test(trimmed) ? Number(trimmed) : trimmed;
}

/** What is stored; rows without a name are left out. */
export function attributesOf(rows: readonly AttributeRow[]): Attributes {
  return Object.fromEntries(
    rows.filter(({ name }) => name.trim()).map(({ name, value }) => [name.trim(), read(value)]),
  );
}

/** The first name that stands twice. */
export function twice(rows: readonly AttributeRow[]): string | undefined {
  const names = rows.map(({ name }) => name.trim()).filter(Boolean);
  return names.find((name, at) => names.indexOf(name) !== at);
}

/**
 * The words between the page and the sealed frame. Both sides check who speaks (`event.source`) and what is said; a
 * message that does not fit is dropped, because the other side runs code that nobody here wrote.
 */

/** What the frame can show by itself; everything else is prepared by the page. */
export type FrameKind = 'html' | 'svg' | 'react';

/** From the page: show this. The frame obeys the first one only; another source gets another frame. */
export interface RenderMessage {
  conductor: 1;
  type: 'render';
  kind: FrameKind;
  /** Markup for `html` and `svg`, a compiled CommonJS module for `react`. */
  source: string;
  /** The vendored libraries as scripts, for `react`. */
  runtime: string[];
  theme: 'light' | 'dark';
  scroll: { x: number; y: number };
}

/** From the page: are you still there? */
export interface PingMessage {
  conductor: 1;
  type: 'ping';
  id: number;
}

export type ToFrame = RenderMessage | PingMessage;

export type FromFrame =
  | { conductor: 1; type: 'ready' }
  | { conductor: 1; type: 'rendered' }
  | { conductor: 1; type: 'pong'; id: number }
  | { conductor: 1; type: 'height'; height: number }
  | { conductor: 1; type: 'scroll'; x: number; y: number }
  | { conductor: 1; type: 'error'; message: string; stack: string }
  | { conductor: 1; type: 'console'; level: ConsoleLevel; text: string }
  | { conductor: 1; type: 'blocked'; directive: string; uri: string };

export type ConsoleLevel = 'log' | 'info' | 'warn' | 'error' | 'debug';

const LEVELS: readonly string[] = ['log', 'info', 'warn', 'error', 'debug'];

/** Longer texts are cut on both sides. */
export const MAX_TEXT = 8_000;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && (value as { conductor?: unknown }).conductor === 1;

const isText = (value: unknown): value is string => typeof value === 'string' && value.length <= MAX_TEXT;

const isNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && Math.abs(value) < 1e7;

/** Reads a message of the page. */
export function readToFrame(data: unknown): ToFrame | undefined {
  if (!isRecord(data)) return undefined;
  if (data.type === 'ping' && isNumber(data.id)) return { conductor: 1, type: 'ping', id: data.id };
  if (data.type !== 'render') return undefined;
  const { kind, source, runtime, theme, scroll } = data as Record<string, unknown>;
  if (kind !== 'html' && kind !== 'svg' && kind !== 'react') return undefined;
  if (typeof source !== 'string' || !Array.isArray(runtime)) return undefined;
  if (!runtime.every((part) => typeof part === 'string')) return undefined;
  const place = (scroll ?? {}) as { x?: unknown; y?: unknown };
  return {
    conductor: 1,
    type: 'render',
    kind,
    source,
    runtime: runtime as string[],
    theme: theme === 'dark' ? 'dark' : 'light',
    scroll: { x: isNumber(place.x) ? place.x : 0, y: isNumber(place.y) ? place.y : 0 },
  };
}

/** Reads a message of the frame. */
export function readFromFrame(data: unknown): FromFrame | undefined {
  if (!isRecord(data)) return undefined;
  switch (data.type) {
    case 'ready':
    case 'rendered':
      return { conductor: 1, type: data.type };
    case 'pong':
      return isNumber(data.id) ? { conductor: 1, type: 'pong', id: data.id } : undefined;
    case 'height':
      return isNumber(data.height) && data.height >= 0
        ? { conductor: 1, type: 'height', height: data.height }
        : undefined;
    case 'scroll':
      return isNumber(data.x) && isNumber(data.y)
        ? { conductor: 1, type: 'scroll', x: data.x, y: data.y }
        : undefined;
    case 'error':
      return isText(data.message) && isText(data.stack)
        ? { conductor: 1, type: 'error', message: data.message, stack: data.stack }
        : undefined;
    case 'console':
      return typeof data.level === 'string' && LEVELS.includes(data.level) && isText(data.text)
        ? { conductor: 1, type: 'console', level: data.level as ConsoleLevel, text: data.text }
        : undefined;
    case 'blocked':
      return isText(data.directive) && isText(data.uri)
        ? { conductor: 1, type: 'blocked', directive: data.directive, uri: data.uri }
        : undefined;
    default:
      return undefined;
  }
}

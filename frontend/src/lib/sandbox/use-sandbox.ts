/**
 * The page's side of one sealed frame: waits until it is ready, hands it the artifact, and listens to what it says.
 */
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import { t } from '@/lib/i18n';
import { type ConsoleLevel, readFromFrame, type ToFrame } from '../../../sandbox/protocol';
import { prepare, type SandboxKind } from './prepare';

const START_LIMIT_MS = 15_000;
const PING_LIMIT_MS = 4_000;
const KEPT_LINES = 200;

/** One line of the artifact's console. */
export interface ConsoleLine {
  id: number;
  level: ConsoleLevel;
  text: string;
}

/** What went wrong, and where. */
export interface SandboxProblem {
  message: string;
  detail?: string;
}

/** How the frame is doing. */
export interface SandboxState {
  status: 'loading' | 'shown' | 'failed';
  problem?: SandboxProblem;
  /** It does not answer any more; its frame has to go. */
  stopped: boolean;
  height: number;
  console: ConsoleLine[];
  /** Addresses the artifact asked for and was refused. */
  blocked: string[];
}

const EMPTY: SandboxState = { status: 'loading', stopped: false, height: 0, console: [], blocked: [] };

/** Drives the frame in `ref`; `attempt` names the frame element, so that a retry gets a new one. */
export function useSandbox(
  ref: RefObject<HTMLIFrameElement | null>,
  {
    kind,
    source,
    theme,
    attempt,
  }: { kind: SandboxKind; source: string; theme: 'light' | 'dark'; attempt: number },
): SandboxState & { onLoad: () => void } {
  const [state, setState] = useState<SandboxState>(EMPTY);
  const scroll = useRef({ x: 0, y: 0 });
  const pings = useRef({ id: 0, answered: 0 });

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new attempt is a new frame element, which has to be driven anew
  useEffect(() => {
    let live = true;
    let ready = false;
    let prepared: Awaited<ReturnType<typeof prepare>> | undefined;
    let lines = 0;
    setState(EMPTY);

    const fail = (problem: SandboxProblem) => {
      if (live) setState((last) => ({ ...last, status: 'failed', problem }));
    };
    const post = (message: ToFrame) => ref.current?.contentWindow?.postMessage(message, '*');
    const show = () => {
      if (!ready || !prepared) return;
      post({ conductor: 1, type: 'render', theme, scroll: scroll.current, ...prepared });
    };

    const listen = (event: MessageEvent) => {
      if (!ref.current || event.source !== ref.current.contentWindow) return;
      const message = readFromFrame(event.data);
      if (!message) return;
      switch (message.type) {
        case 'ready':
          ready = true;
          show();
          break;
        case 'rendered':
          setState((last) => (last.status === 'failed' ? last : { ...last, status: 'shown' }));
          break;
        case 'pong':
          pings.current.answered = message.id;
          break;
        case 'height':
          setState((last) => ({ ...last, height: message.height }));
          break;
        case 'scroll':
          scroll.current = { x: message.x, y: message.y };
          break;
        case 'error':
          fail({ message: message.message, detail: message.stack });
          break;
        case 'blocked':
          setState((last) =>
            last.blocked.includes(message.uri) || last.blocked.length >= 20
              ? last
              : { ...last, blocked: [...last.blocked, message.uri] },
          );
          break;
        case 'console': {
          lines += 1;
          const line = { id: lines, level: message.level, text: message.text };
          setState((last) => ({ ...last, console: [...last.console, line].slice(-KEPT_LINES) }));
        }
      }
    };

    window.addEventListener('message', listen);
    const limit = setTimeout(() => {
      if (!ready) fail({ message: t('The preview did not start: the sealed frame did not answer.') });
    }, START_LIMIT_MS);
    prepare(kind, source).then(
      (result) => {
        if (!live) return;
        prepared = result;
        show();
      },
      (error: unknown) => fail({ message: error instanceof Error ? error.message : String(error) }),
    );
    return () => {
      live = false;
      clearTimeout(limit);
      window.removeEventListener('message', listen);
    };
  }, [kind, source, theme, attempt]);

  /** A frame that loaded another page does not answer any more. */
  const onLoad = useCallback(() => {
    const id = ++pings.current.id;
    ref.current?.contentWindow?.postMessage({ conductor: 1, type: 'ping', id } satisfies ToFrame, '*');
    setTimeout(() => {
      if (pings.current.id !== id || pings.current.answered >= id || !ref.current) return;
      setState((last) => ({
        ...last,
        status: 'failed',
        stopped: true,
        problem: { message: t('The artifact was stopped: it hung or tried to leave its frame.') },
      }));
    }, PING_LIMIT_MS);
  }, [ref]);

  return { ...state, onLoad };
}

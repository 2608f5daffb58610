/**
 * The script of the sealed frame: it takes one artifact from the page, shows it, and tells the page how that went.
 *
 * It runs in an opaque origin under `default-src 'none'`; what stands here is the second fence, not the first. It knows
 * nothing of the application and imports nothing of it.
 */
import { type ConsoleLevel, type FromFrame, MAX_TEXT, type RenderMessage, readToFrame } from './protocol';

const page = window.parent;
const post = page.postMessage.bind(page);
const originalConsole = { ...console };

/** An opaque origin has no address the page could be asked for, so the target is open; nothing secret is ever sent. */
function tell(message: FromFrame): void {
  post(message, '*');
}

/** A content policy cannot forbid peer connections in today's browsers; without their constructors there are none. */
function removePeerConnections(): void {
  for (const name of [
    'RTCPeerConnection',
    'webkitRTCPeerConnection',
    'RTCDataChannel',
    'RTCIceGatherer',
    'WebTransport',
  ]) {
    Reflect.deleteProperty(window, name);
    Object.defineProperty(window, name, { value: undefined, writable: false, configurable: false });
  }
}

/** A frame inside the frame would have fresh constructors; a hint to the resolver would tell a name to the world. */
function watchForLeaks(): void {
  const forbidden =
    'iframe, frame, object, embed, portal, fencedframe, link[rel~="dns-prefetch"], link[rel~="preconnect"]';
  new MutationObserver((records) => {
    for (const record of records) {
      for (const node of record.addedNodes) {
        if (!(node instanceof Element)) continue;
        const found = node.matches(forbidden) ? [node] : [...node.querySelectorAll(forbidden)];
        for (const element of found) {
          element.remove();
          tell({ conductor: 1, type: 'blocked', directive: 'frame-src', uri: cut(element.outerHTML, 200) });
        }
      }
    }
  }).observe(document, { childList: true, subtree: true });
}

const cut = (text: string, length = MAX_TEXT): string =>
  text.length > length ? `${text.slice(0, length - 1)}…` : text;

function words(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return value.stack ?? `${value.name}: ${value.message}`;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

function tellError(error: unknown, more = ''): void {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : words(error);
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  tell({ conductor: 1, type: 'error', message: cut(message, 2000), stack: cut(`${stack}${more}`) });
}

let lines = 0;

function wrapConsole(): void {
  for (const level of ['log', 'info', 'warn', 'error', 'debug'] as ConsoleLevel[]) {
    console[level] = (...values: unknown[]) => {
      lines += 1;
      // A loop that logs must not drown the page.
      if (lines <= 200)
        tell({ conductor: 1, type: 'console', level, text: cut(values.map(words).join(' ')) });
      if (level !== 'error') originalConsole[level](...values);
    };
  }
}

/** The sandbox refuses to submit forms before their handlers run; so the event is sent for those that handle it. */
function submitForms(): void {
  const submit = (form: HTMLFormElement, submitter: HTMLElement | null) => {
    if (!form.noValidate && !form.reportValidity()) return;
    form.dispatchEvent(new SubmitEvent('submit', { bubbles: true, cancelable: true, submitter }));
  };
  window.addEventListener('click', (event) => {
    if (event.defaultPrevented || !(event.target instanceof Element)) return;
    const button = event.target.closest('button, input');
    if (!(button instanceof HTMLButtonElement || button instanceof HTMLInputElement)) return;
    if (button.form && (button.type === 'submit' || button.type === 'image') && !button.disabled) {
      event.preventDefault();
      submit(button.form, button);
    }
  });
  window.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.isComposing || event.defaultPrevented) return;
    const field = event.target;
    if (!(field instanceof HTMLInputElement) || !field.form) return;
    // With a submit button the browser clicks it by itself.
    if (!field.form.querySelector('button:not([type]), [type="submit"], [type="image"]'))
      submit(field.form, null);
  });
}

function watchSize(): void {
  let last = -1;
  const report = () => {
    const height = Math.ceil(document.documentElement.scrollHeight);
    if (height !== last) tell({ conductor: 1, type: 'height', height });
    last = height;
  };
  new ResizeObserver(report).observe(document.documentElement);
  let queued = false;
  window.addEventListener(
    'scroll',
    () => {
      if (queued) return;
      queued = true;
      requestAnimationFrame(() => {
        queued = false;
        tell({ conductor: 1, type: 'scroll', x: window.scrollX, y: window.scrollY });
      });
    },
    { passive: true },
  );
}

/** Everything that hangs on the window; `document.open()` clears it, so it is hung up again afterwards. */
function attach(): void {
  window.addEventListener('message', listen);
  window.addEventListener('error', (event) => {
    // A resource that did not load has no `error`; the policy's own event tells more about it.
    if (event.error !== undefined && event.error !== null) tellError(event.error);
    else if (event.message) tellError(event.message);
  });
  window.addEventListener('unhandledrejection', (event) => tellError(event.reason));
  document.addEventListener('securitypolicyviolation', (event) => {
    tell({
      conductor: 1,
      type: 'blocked',
      directive: cut(event.effectiveDirective, 60),
      uri: cut(event.blockedURI, 500),
    });
  });
  submitForms();
  watchForLeaks();
}

function listen(event: MessageEvent): void {
  if (event.source !== page) return;
  const message = readToFrame(event.data);
  if (!message) return;
  if (message.type === 'ping') tell({ conductor: 1, type: 'pong', id: message.id });
  else if (!rendered) {
    rendered = true;
    try {
      render(message);
    } catch (error) {
      tellError(error);
    }
  }
}

let rendered = false;

interface Runtime {
  modules: Record<string, unknown>;
  mount: (component: unknown, onError: (error: unknown, stack: string) => void) => void;
}

function render({ kind, source, runtime, theme, scroll }: RenderMessage): void {
  document.documentElement.dataset.kind = kind;
  document.documentElement.dataset.theme = theme;
  if (kind === 'html') {
    renderHtml(source, scroll);
    return;
  }
  if (kind === 'svg') document.body.innerHTML = source;
  else renderReact(source, runtime);
  afterRender(scroll);
}

function afterRender(scroll: RenderMessage['scroll']): void {
  requestAnimationFrame(() => {
    watchSize();
    window.scrollTo(scroll.x, scroll.y);
    tell({ conductor: 1, type: 'rendered' });
  });
}

/** A whole document, parsed as a browser would parse it, scripts in their order; policy and origin stay. */
function renderHtml(source: string, scroll: RenderMessage['scroll']): void {
  document.open();
  attach();
  window.addEventListener('DOMContentLoaded', () => afterRender(scroll), { once: true });
  document.write(/<!doctype/i.test(source) ? source : `<!doctype html>${source}`);
  document.close();
}

function renderReact(source: string, runtime: string[]): void {
  // Indirect evaluation: the libraries become globals of the frame, not locals of this function.
  for (const part of runtime) new Function(part).call(window);
  const vendored = (window as unknown as { conductorRuntime?: Runtime }).conductorRuntime;
  if (!vendored) throw new Error('The libraries for React artifacts did not load.');
  const root = document.createElement('div');
  root.id = 'root';
  document.body.replaceChildren(root);
  const module: { exports: Record<string, unknown> } = { exports: {} };
  const require = (name: string): unknown => {
    if (Object.hasOwn(vendored.modules, name)) return vendored.modules[name];
    const known = Object.keys(vendored.modules).filter((key) => !key.includes('/'));
    throw new Error(`"${name}" is not available: artifacts work offline and can import ${known.join(', ')}.`);
  };
  new Function('require', 'module', 'exports', `${source}\n//# sourceURL=artifact.js`)(
    require,
    module,
    module.exports,
  );
  const component =
    module.exports.default ?? Object.values(module.exports).find((value) => typeof value === 'function');
  if (!component)
    throw new Error('The artifact exports no component: end it with "export default function App() { … }".');
  vendored.mount(component, (error, stack) => tellError(error, `\n${stack}`));
}

removePeerConnections();
wrapConsole();
attach();
tell({ conductor: 1, type: 'ready' });

/**
 * Mermaid source to a clean SVG string: one diagram at a time, nothing left behind in the page, nothing in the result
 * that could act.
 */
type Mermaid = typeof import('mermaid').default;

let loading: Promise<{ mermaid: Mermaid; sanitise: (svg: string) => string }> | undefined;
let queue: Promise<unknown> = Promise.resolve();
let count = 0;

async function load() {
  loading ??= Promise.all([import('mermaid'), import('./svg')])
    .then(([mermaid, svg]) => ({ mermaid: mermaid.default, sanitise: svg.sanitiseSvg }))
    .catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
  return loading;
}

function colours(): Record<string, string> {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string, fallback: string) => style.getPropertyValue(name).trim() || fallback;
  const text = token('--text', '#1a1a1a');
  const line = token('--text-3', '#6b655e');
  const fill = token('--raised', '#ffffff');
  const tint = token('--accent-soft', '#fbf4ee');
  return {
    background: 'transparent',
    primaryColor: tint,
    primaryTextColor: text,
    primaryBorderColor: token('--accent', '#cc785c'),
    secondaryColor: token('--surface', '#f5f5f5'),
    secondaryTextColor: text,
    tertiaryColor: fill,
    tertiaryTextColor: text,
    lineColor: line,
    textColor: text,
    mainBkg: tint,
    nodeBorder: token('--accent', '#cc785c'),
    clusterBkg: token('--rail', '#faf8f5'),
    clusterBorder: token('--border-strong', '#8a847c'),
    edgeLabelBackground: token('--surface', '#f5f5f5'),
    titleColor: text,
    noteBkgColor: token('--surface', '#f5f5f5'),
    noteTextColor: text,
    noteBorderColor: token('--border-strong', '#8a847c'),
    actorBkg: tint,
    actorTextColor: text,
    actorBorder: token('--accent', '#cc785c'),
    signalColor: line,
    signalTextColor: text,
    labelBoxBkgColor: fill,
    labelTextColor: text,
    fontFamily: token('--sans', 'system-ui, sans-serif'),
    fontSize: '14px',
  };
}

/**
 * Without HTML labels this version of Mermaid drops a comparison sign that stands alone (`Amount > 10k`); its own entity
 * codes survive. Arrows never stand alone: they touch a dash, a dot or an equals sign.
 */
export function keepComparisons(source: string): string {
  if (!/^\s*(?:---[\s\S]*?---\s*)?(?:%%.*\n\s*)*(?:flowchart|graph)\b/.test(source)) return source;
  return source.replace(
    /(?<=\s)([<>])(=?)(?=\s)/g,
    (_, sign: string, equals: string) => `${sign === '<' ? '#lt;' : '#gt;'}${equals}`,
  );
}

async function render(source: string): Promise<string> {
  const { mermaid, sanitise } = await load();
  mermaid.initialize({
    startOnLoad: false,
    securityLevel: 'strict',
    suppressErrorRendering: true,
    htmlLabels: false,
    flowchart: { htmlLabels: false },
    theme: 'base',
    darkMode: document.documentElement.dataset.theme === 'dark',
    themeVariables: colours(),
    maxTextSize: 50_000,
  });
  count += 1;
  const id = `mermaid-${count}`;
  const host = document.createElement('div');
  host.setAttribute('aria-hidden', 'true');
  host.style.cssText = 'position:fixed;left:-10000px;top:0;width:800px;visibility:hidden';
  document.body.append(host);
  try {
    const { svg } = await mermaid.render(id, keepComparisons(source), host);
    return sanitise(svg);
  } finally {
    host.remove();
    document.getElementById(id)?.remove();
    document.getElementById(`d${id}`)?.remove();
  }
}

/** The diagram as SVG, or an error that names the line. */
export function renderMermaid(source: string): Promise<string> {
  const result = queue.then(() => render(source));
  queue = result.catch(() => undefined);
  return result;
}

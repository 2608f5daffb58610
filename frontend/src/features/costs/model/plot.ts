/** The arithmetic of a plot of bars: a scale with round steps, and places. */

/** Round numbers from nothing to at least `most`, in four or five steps. */
export function ticks(most: number): number[] {
  if (!(most > 0)) return [0, 1];
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step =
    [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? power;
  const all: number[] = [];
  for (let at = 0; at < most + step * 0.999; at += step) all.push(Number(at.toPrecision(12)));
  return all;
}

export interface Bar {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Bars of these values in a field of this size; the smallest that is not nothing can still be seen. */
export function bars(values: number[], width: number, height: number, top: number): Bar[] {
  const slot = width / Math.max(1, values.length);
  const gap = Math.min(slot * 0.3, 8);
  return values.map((value, at) => {
    const tall = value > 0 ? Math.max(2, (value / top) * height) : 0;
    return { x: at * slot + gap / 2, y: height - tall, width: Math.max(1, slot - gap), height: tall };
  });
}

/** Which pieces get a label: the first, and then every so many that labels keep apart. */
export function labelled(count: number, most: number): Set<number> {
  const every = Math.max(1, Math.ceil(count / Math.max(1, most)));
  return new Set(Array.from({ length: count }, (_, at) => at).filter((at) => at % every === 0));
}

/** Collects events and hands them over once per frame; in a hidden tab, where frames stop, on a timer. */
export function batcher<T>(flush: (items: T[]) => void): { push: (item: T) => void; flush: () => void } {
  let items: T[] = [];
  let frame: number | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const run = () => {
    if (frame !== undefined) cancelAnimationFrame(frame);
    clearTimeout(timer);
    frame = undefined;
    timer = undefined;
    if (items.length === 0) return;
    const now = items;
    items = [];
    flush(now);
  };
  return {
    push: (item) => {
      items.push(item);
      if (frame !== undefined || timer !== undefined) return;
      frame = requestAnimationFrame(run);
      timer = setTimeout(run, 120);
    },
    flush: run,
  };
}

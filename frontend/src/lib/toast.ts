/** Short words about something that just happened; the library that shows them loads after the page stands. */
type Kind = 'message' | 'success' | 'warning' | 'error';

let placed: () => void = () => {};
const place = new Promise<void>((resolve) => {
  placed = resolve;
});

/** The place where toasts appear is on the page; earlier ones have waited for it. */
export function toasterReady(): void {
  placed();
}

async function show(kind: Kind, text: string): Promise<void> {
  const [{ toast }] = await Promise.all([import('sonner'), place]);
  toast[kind](text);
}

export const toast = {
  message: (text: string) => void show('message', text),
  success: (text: string) => void show('success', text),
  warning: (text: string) => void show('warning', text),
  error: (text: string) => void show('error', text),
};

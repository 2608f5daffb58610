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

/** Something to do about it. */
export interface ToastAction {
  label: string;
  onClick: () => void;
}

async function show(kind: Kind, text: string, action?: ToastAction): Promise<void> {
  const [{ toast }] = await Promise.all([import('sonner'), place]);
  toast[kind](text, action ? { action, duration: 8000 } : undefined);
}

export const toast = {
  message: (text: string, action?: ToastAction) => void show('message', text, action),
  success: (text: string) => void show('success', text),
  warning: (text: string) => void show('warning', text),
  error: (text: string) => void show('error', text),
};

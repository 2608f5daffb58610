/** Starts the page. */
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { whenMfaRequired, whenSignedOut } from '@/api/client';
import { queryClient } from '@/api/queries';
import { TooltipProvider } from '@/components/ui/tooltip';
import { recoverFromMissingChunks } from './app/chunks';
import { router } from './app/router';
import { Toasts } from './app/toasts';
import './styles/index.css';

recoverFromMissingChunks();

whenSignedOut(() => {
  const { pathname, search } = window.location;
  if (['/sign-in', '/setup', '/invite'].includes(pathname)) return;
  void router.navigate({ to: '/sign-in', search: { return: pathname + search }, replace: true });
});

whenMfaRequired(() => {
  if (window.location.pathname === '/second-factor') return;
  void router.navigate({ to: '/second-factor', replace: true });
});

const root = document.getElementById('root');
if (!root) throw new Error('The page has no #root.');

createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <TooltipProvider delay={400}>
        <RouterProvider router={router} />
        <Toasts />
      </TooltipProvider>
    </QueryClientProvider>
  </StrictMode>,
);

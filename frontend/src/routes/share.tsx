/** `/share#token`: the token stands behind the hash, which browsers send to nobody. */
import { createFileRoute, useLocation } from '@tanstack/react-router';
import { PublicSharePage } from '@/features/access';

export const Route = createFileRoute('/share')({ component: Share });

function Share() {
  return <PublicSharePage token={useLocation().hash.replace(/^#/, '')} />;
}

/** `/settings/$tab`. */
import { createFileRoute, notFound } from '@tanstack/react-router';
import { isSettingsTab, SettingsPage } from '@/features/settings';

export const Route = createFileRoute('/_app/settings/$tab')({ component: Settings });

function Settings() {
  const { tab } = Route.useParams();
  if (!isSettingsTab(tab)) throw notFound();
  return <SettingsPage tab={tab} />;
}

/** `/governance/pricing`. */
import { createFileRoute } from '@tanstack/react-router';
import { PricingPage } from '@/features/costs';

export const Route = createFileRoute('/_app/governance/pricing')({ component: PricingPage });

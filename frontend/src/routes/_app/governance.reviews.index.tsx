/** `/governance/reviews`. */
import { createFileRoute } from '@tanstack/react-router';
import { ReviewsPage } from '@/features/people';

export const Route = createFileRoute('/_app/governance/reviews/')({ component: ReviewsPage });

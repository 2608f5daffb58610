/** `/governance/reviews/…`: one review. */
import { createFileRoute } from '@tanstack/react-router';
import { ReviewPage } from '@/features/people';

export const Route = createFileRoute('/_app/governance/reviews/$reviewId')({ component: Review });

function Review() {
  return <ReviewPage reviewId={Route.useParams().reviewId} />;
}

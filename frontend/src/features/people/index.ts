/** People: their accounts, their roles, and reviews of what they were given. */
export { EraseDialog } from './components/erase-dialog';
export { ReviewPage } from './components/review-page';
export { ReviewsPage } from './components/reviews-page';
export { UsersPage } from './components/users-page';

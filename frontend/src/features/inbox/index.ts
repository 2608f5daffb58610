/** The inbox of approvals. */
export { InboxPage } from './components/inbox-page';

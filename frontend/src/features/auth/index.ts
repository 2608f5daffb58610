/** Setup, sign-in, invitation, sign-out. */
export { InvitePage } from './components/invite-page';
export { SetupPage } from './components/setup-page';
export { SignInPage } from './components/sign-in-page';
export { signOut } from './session';

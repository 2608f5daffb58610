/** Setup, sign-in, invitation, second factor, sign-out. */
export { InvitePage } from './components/invite-page';
export { MfaProve, type Proof } from './components/mfa-prove';
export { MfaSetup } from './components/mfa-setup';
export { RecoveryCodes } from './components/recovery-codes';
export { SecondFactorPage } from './components/second-factor-page';
export { SetupPage } from './components/setup-page';
export { SignInPage } from './components/sign-in-page';
export { signOut } from './session';

/** What agents and people may do, who decided it, and what came of it. */
export { PoliciesPage } from './components/policies-page';
export { PolicyPage } from './components/policy-page';

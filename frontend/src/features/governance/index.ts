/** What agents and people may do, who decided it, and what came of it. */
export { EffectBadge } from './components/effect-badge';
export { PoliciesPage } from './components/policies-page';
export { PolicyPage } from './components/policy-page';
export { effectName } from './model/form';
export { policyList } from './queries';

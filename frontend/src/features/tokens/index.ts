/** Tokens of agents and service accounts, and the choice of what they may do. */
export { ScopeField } from './components/scope-field';
export { TokensSection } from './components/tokens-section';
export { nouns as allScopes } from './model/scopes';

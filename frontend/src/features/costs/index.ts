/** What models cost, what was spent on them, and how much may be. */
export { BudgetBanner } from './components/budget-banner';
export { BudgetsPage } from './components/budgets-page';
export { pieceName } from './components/cost-plot';
export { CostsPage } from './components/costs-page';
export { OwnUsage } from './components/own-usage';
export { PricingPage } from './components/pricing-page';
export { bars, labelled, ticks } from './model/plot';
export { type CostSearch, readSearch } from './model/search';

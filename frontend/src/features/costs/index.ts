/** What models cost, what was spent on them, and how much may be. */
export { BudgetBanner } from './components/budget-banner';
export { BudgetsPage } from './components/budgets-page';
export { CostsPage } from './components/costs-page';
export { OwnUsage } from './components/own-usage';
export { PricingPage } from './components/pricing-page';
export { type CostSearch, readSearch } from './model/search';

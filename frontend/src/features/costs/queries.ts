/** Costs, budgets and prices on the server. */
import {
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query';
import { type AnswerOf, api, type BodyOf } from '@/api/client';
import { apiQuery, type CostSearch, grouping } from './model/search';

export type Budget = AnswerOf<'get', `/api/v1/orgs/${string}/budgets/${string}`>;
export type OwnBudget = AnswerOf<'get', '/api/usage/budgets'>['items'][number];
export type Totals = AnswerOf<'get', `/api/v1/orgs/${string}/runs/cost-summary`>['totals'][number];
export type Group = AnswerOf<'get', `/api/v1/orgs/${string}/runs/cost-by-agent`>['items'][number];
export type Piece = AnswerOf<'get', `/api/v1/orgs/${string}/runs/cost-over-time`>['items'][number];
export type Price = AnswerOf<'get', `/api/v1/pricing/models/${string}`>;

export const costKeys = {
  all: ['costs'] as const,
  budgets: ['budgets'] as const,
  pricing: ['pricing'] as const,
};

const STALE = 15_000;

export const summaryQuery = (organization: string, search: CostSearch) =>
  queryOptions({
    queryKey: [...costKeys.all, organization, 'summary', search],
    queryFn: ({ signal }) =>
      api.get(`/api/v1/orgs/${organization}/runs/cost-summary`, { query: apiQuery(search), signal }),
    placeholderData: keepPreviousData,
    staleTime: STALE,
  });

export const trendQuery = (organization: string, search: CostSearch) =>
  queryOptions({
    queryKey: [...costKeys.all, organization, 'trend', search],
    queryFn: ({ signal }) =>
      api.get(`/api/v1/orgs/${organization}/runs/cost-over-time`, {
        query: { ...apiQuery(search), grouping: grouping(search) },
        signal,
      }),
    placeholderData: keepPreviousData,
    staleTime: STALE,
  });

export type Dimension = 'agent' | 'model' | 'environment' | 'user';

export const breakdownQuery = (organization: string, by: Dimension, search: CostSearch) =>
  queryOptions({
    queryKey: [...costKeys.all, organization, by, search],
    queryFn: ({ signal }) => {
      const query = apiQuery(search);
      const base = `/api/v1/orgs/${organization}/runs` as const;
      if (by === 'agent') return api.get(`${base}/cost-by-agent`, { query, signal });
      if (by === 'model') return api.get(`${base}/cost-by-model`, { query, signal });
      if (by === 'environment') return api.get(`${base}/cost-by-environment`, { query, signal });
      return api.get(`${base}/cost-by-user`, { query, signal });
    },
    placeholderData: keepPreviousData,
    staleTime: STALE,
  });

export const budgetsQuery = (organization: string) =>
  queryOptions({
    queryKey: [...costKeys.budgets, organization],
    queryFn: ({ signal }) =>
      api.get(`/api/v1/orgs/${organization}/budgets`, { query: { limit: 100 }, signal }),
    staleTime: STALE,
  });

export const ownBudgetsQuery = queryOptions({
  queryKey: [...costKeys.budgets, 'own'],
  queryFn: ({ signal }) => api.get('/api/usage/budgets', { signal }),
  staleTime: STALE,
});

export const pricesQuery = (current: boolean) =>
  infiniteQueryOptions({
    queryKey: [...costKeys.pricing, current],
    queryFn: ({ pageParam, signal }) =>
      api.get('/api/v1/pricing/models', { query: { current, limit: 100, cursor: pageParam }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });

export type BudgetBody = BodyOf<'post', `/api/v1/orgs/${string}/budgets`>;
export type BudgetChange = BodyOf<'patch', `/api/v1/orgs/${string}/budgets/${string}`>;
export type PriceBody = BodyOf<'post', '/api/v1/pricing/models'>;

function useWrite<Input, Output>(key: readonly string[], write: (input: Input) => Promise<Output>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: write, onSettled: () => client.invalidateQueries({ queryKey: key }) });
}

export const useCreateBudget = (organization: string) =>
  useWrite(costKeys.budgets, (body: BudgetBody) => api.post(`/api/v1/orgs/${organization}/budgets`, body));

export const useChangeBudget = (organization: string) =>
  useWrite(costKeys.budgets, ({ id, change }: { id: string; change: BudgetChange }) =>
    api.patch(`/api/v1/orgs/${organization}/budgets/${id}`, change),
  );

export const useDeleteBudget = (organization: string) =>
  useWrite(costKeys.budgets, (id: string) => api.delete(`/api/v1/orgs/${organization}/budgets/${id}`));

export const usePutPrice = () =>
  useWrite(costKeys.pricing, (body: PriceBody) => api.post('/api/v1/pricing/models', body));

/** What is open around the page: sidebar, drawer, search. */
import { create } from 'zustand';

interface Shell {
  collapsed: boolean;
  drawer: boolean;
  search: boolean;
  toggle: () => void;
  openDrawer: () => void;
  closeDrawer: () => void;
  setSearch: (open: boolean) => void;
}

const KEY = 'conductor.sidebar';

export const useShell = create<Shell>((set) => ({
  collapsed: typeof localStorage !== 'undefined' && localStorage.getItem(KEY) === 'collapsed',
  drawer: false,
  search: false,
  toggle: () =>
    set((state) => {
      localStorage.setItem(KEY, state.collapsed ? 'open' : 'collapsed');
      return { collapsed: !state.collapsed };
    }),
  openDrawer: () => set({ drawer: true }),
  closeDrawer: () => set({ drawer: false }),
  setSearch: (search) => set({ search }),
}));

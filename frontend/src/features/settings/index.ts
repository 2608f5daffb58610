/** Settings. */
export { isSettingsTab, SettingsPage, type SettingsTab } from './components/settings-page';

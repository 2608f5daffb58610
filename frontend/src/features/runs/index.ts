/** The run viewer. */
export { RunPage } from './components/run-page';

/** Search across conversations and pages. Its own feature, because it loads only when it is opened. */
export { SearchDialog } from './search-dialog';

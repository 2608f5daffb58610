/** Conversations as a list: sidebar, menus. */
export { ConversationList } from './components/conversation-list';
export { ConversationMenuItems } from './components/conversation-menu';
export { useConversationActions } from './use-conversation-actions';

/** The chat: its page, the question block, and what a feed event may change in it. */
export { ApprovalBlock } from './components/approval-block';
export { ChatPage } from './components/chat-page';
export { dropped, touched } from './model/actions';
export { choose } from './model/choice';

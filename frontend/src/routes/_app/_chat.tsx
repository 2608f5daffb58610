/** One mounted chat for the new and the stored conversation, so that the first answer never remounts the page. */
import { createFileRoute, Outlet, useParams } from '@tanstack/react-router';
import { ChatPage } from '@/features/chat';

export const Route = createFileRoute('/_app/_chat')({ component: Chat });

function Chat() {
  const { conversationId } = useParams({ strict: false });
  return (
    <>
      <ChatPage conversationId={conversationId ?? null} />
      <Outlet />
    </>
  );
}

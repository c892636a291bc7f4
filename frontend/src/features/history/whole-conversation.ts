import type { QueryClient } from '@tanstack/react-query'
import type { Api } from '@/lib/api/client'
import type { Conversation, ConversationSummary } from '@/lib/api/models'
import { conversationQuery } from './history-queries'

/** A conversation as it is `now`. What this device keeps of it may be of a moment in the middle, or lack late words. */
export async function wholeConversation(api: Api, queries: QueryClient, now: ConversationSummary) {
  const options = conversationQuery(api, now.id)
  const kept = await queries.query({ ...options, staleTime: 'static' })
  return isWhole(kept, now) ? kept : queries.query({ ...options, staleTime: 0 })
}

function isWhole(kept: Conversation, now: ConversationSummary): boolean {
  return (
    kept.ended_at === now.ended_at &&
    kept.turn_count === now.turn_count &&
    !kept.turns.some(({ text_pending }) => text_pending)
  )
}

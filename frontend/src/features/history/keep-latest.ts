import type { QueryClient } from '@tanstack/react-query'
import type { Api } from '@/lib/api/client'
import type { ConversationSummary } from '@/lib/api/models'
import { isQuietMoment } from '@/lib/kept/quiet-moment'
import { conversationQuery, conversationsQuery } from './history-queries'

const LATEST = 10

/** Keeps the list and the latest conversations on this device, also those that nobody opened here. */
export async function keepLatest(api: Api, queries: QueryClient): Promise<void> {
  const list = conversationsQuery(api)
  await queries.infiniteQuery({ ...list, staleTime: 'static' })
  // What was kept of the list came first, and may be of yesterday.
  await queries.refetchQueries({ queryKey: list.queryKey, exact: true })
  const known = queries.getQueryData(list.queryKey)?.pages.flatMap(({ items }) => items) ?? []
  for (const summary of known.slice(0, LATEST)) {
    if (!isQuietMoment()) return
    await keepOne(api, queries, summary)
  }
}

async function keepOne(api: Api, queries: QueryClient, now: ConversationSummary): Promise<void> {
  const options = conversationQuery(api, now.id)
  const kept = await queries.query({ ...options, staleTime: 'static' })
  const isWhole = kept.ended_at === now.ended_at && kept.turn_count === now.turn_count
  if (!isWhole) await queries.query({ ...options, staleTime: 0 })
}

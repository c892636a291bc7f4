import type { QueryClient } from '@tanstack/react-query'
import type { Api } from '@/lib/api/client'
import { isQuietMoment } from '@/lib/kept/quiet-moment'
import { conversationsQuery } from './history-queries'
import { wholeConversation } from './whole-conversation'

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
    await wholeConversation(api, queries, summary)
  }
}

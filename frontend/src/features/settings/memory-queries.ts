import { infiniteQueryOptions, type InfiniteData } from '@tanstack/react-query'
import { orThrow, type Api } from '@/lib/api/client'
import type { MemoryPage } from '@/lib/api/models'
import { pageOf } from '@/lib/api/page'

const PAGE = 50

export const memoriesQuery = (api: Api) =>
  infiniteQueryOptions({
    queryKey: ['memories'],
    queryFn: ({ pageParam }: { pageParam: string | null }) =>
      orThrow(
        api.GET('/sessions/default/memories', {
          params: { query: pageOf(PAGE, pageParam) },
        }),
      ),
    initialPageParam: null,
    getNextPageParam: (page) => page.next_cursor,
  })

type Memories = InfiniteData<MemoryPage>

/** The list without one of its memories. */
export function without(memories: Memories, id: string): Memories {
  const pages = memories.pages.map((page) => ({
    ...page,
    items: page.items.filter((memory) => memory.id !== id),
  }))
  return { ...memories, pages }
}

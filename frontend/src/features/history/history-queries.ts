import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { orThrow, type Api } from '@/lib/api/client'

const PAGE = 30

export const conversationsQuery = (api: Api) =>
  infiniteQueryOptions({
    queryKey: ['conversations'],
    queryFn: ({ pageParam }: { pageParam: string | null }) =>
      orThrow(
        api.GET('/sessions/default/conversations', {
          params: { query: { limit: PAGE, ...(pageParam === null ? {} : { cursor: pageParam }) } },
        }),
      ),
    initialPageParam: null,
    getNextPageParam: (page) => page.next_cursor ?? null,
  })

export const conversationQuery = (api: Api, id: string) =>
  queryOptions({
    queryKey: ['conversations', id],
    queryFn: () => orThrow(api.GET('/conversations/{id}', { params: { path: { id } } })),
  })

import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { kept } from './kept-queries'
import { orThrow, type Api } from '@/lib/api/client'
import { pageOf } from '@/lib/api/page'
import { asApiError } from '@/lib/api/problem'

const PAGE = 30
const FOUND_AT_ONCE = 20

export const conversationsQuery = (api: Api) =>
  infiniteQueryOptions({
    queryKey: ['conversations'],
    queryFn: ({ pageParam, signal }: { pageParam: string | null; signal: AbortSignal }) =>
      orThrow(
        api.GET('/sessions/default/conversations', {
          params: { query: pageOf(PAGE, pageParam) },
          signal,
        }),
      ),
    initialPageParam: null,
    getNextPageParam: (page) => page.next_cursor,
    ...kept,
  })

/** A conversation with its summary, which there may not be: both come at once, and nothing moves. */
export const conversationQuery = (api: Api, id: string) =>
  queryOptions({
    queryKey: ['conversations', id],
    queryFn: async ({ signal }) => {
      const params = { path: { id } }
      const [conversation, summary] = await Promise.all([
        orThrow(api.GET('/conversations/{id}', { params, signal })),
        orThrow(api.GET('/conversations/{id}/summary', { params, signal })).then(
          ({ text }) => text,
          (cause: unknown) => {
            if (asApiError(cause).code === 'not_found') return ''
            throw cause
          },
        ),
      ])
      return { ...conversation, summary }
    },
    ...kept,
  })

/** The learner's turns in which words were said. One answer may be empty, with more to look through. */
export const foundTurnsQuery = (api: Api, q: string) =>
  infiniteQueryOptions({
    queryKey: ['found-turns', q],
    queryFn: ({ pageParam, signal }: { pageParam: string | null; signal: AbortSignal }) =>
      orThrow(
        api.GET('/api/v1/turns/search', {
          params: { query: { q, ...pageOf(FOUND_AT_ONCE, pageParam) } },
          signal,
        }),
      ),
    initialPageParam: null,
    getNextPageParam: (page) => page.next_cursor,
    enabled: q !== '',
    networkMode: 'always',
    retry: false,
  })

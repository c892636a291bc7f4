import { hashKey, type InfiniteData, type QueryClient } from '@tanstack/react-query'
import {
  experimental_createQueryPersister as createQueryPersister,
  type PersistedQuery,
} from '@tanstack/react-query-persist-client'
import { version } from '../../../package.json'
import { keptStorage } from '@/lib/kept/kept-store'

const LONGEST_MS = 30 * 24 * 60 * 60 * 1000
/** Of a long list so much is kept. */
const PAGES = 3
const PREFIX = 'history'

const persister = createQueryPersister({
  storage: keptStorage,
  buster: version,
  maxAge: LONGEST_MS,
  prefix: PREFIX,
  serialize: (query) => JSON.stringify(shortened(query)),
})

/** For queries whose last answer is kept on this device: it is shown at once, and renewed when that can be. */
export const kept = {
  // It fits every query; its type, which says so, would keep the compiler from seeing what each one answers.
  persister: persister.persisterFn as never,
  // Without a network too: what is kept must be looked up, and what is not must be told.
  networkMode: 'always',
  refetchOnReconnect: true,
} as const

/** Keeps the list as it is shown now, and a conversation no more. */
export async function forgetKept(queries: QueryClient, id: string): Promise<void> {
  await keptStorage.removeItem(`${PREFIX}-${hashKey(['conversations', id])}`)
  await persister.persistQueryByKey(['conversations'], queries)
}

function shortened(query: PersistedQuery): PersistedQuery {
  const data = query.state.data as Partial<InfiniteData<unknown>> | undefined
  if (data?.pages === undefined || data.pageParams === undefined) return query
  const short = {
    pages: data.pages.slice(0, PAGES),
    pageParams: data.pageParams.slice(0, PAGES),
  }
  return { ...query, state: { ...query.state, data: short } }
}

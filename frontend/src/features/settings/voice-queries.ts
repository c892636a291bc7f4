import { queryOptions } from '@tanstack/react-query'
import { orThrow, type Api } from '@/lib/api/client'

export const voicesQuery = (api: Api) =>
  queryOptions({
    queryKey: ['voices'],
    queryFn: () => orThrow(api.GET('/api/v1/voices')),
  })

/** A sentence in the language that is learnt, kept as long as the page: it is often heard twice. */
export const sampleQuery = (api: Api, voice: string, language: string) =>
  queryOptions({
    queryKey: ['voice-sample', voice, language],
    queryFn: () =>
      orThrow<Blob>(
        api.GET('/api/v1/voices/{voice}/sample', { params: { path: { voice } }, parseAs: 'blob' }),
      ),
    staleTime: Infinity,
  })

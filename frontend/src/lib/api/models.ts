import type { paths } from './schema'

/** What the API's answers look like, by the words the rest of the app uses for them. */
type Answer<
  P extends keyof paths,
  M extends keyof paths[P],
  S extends number,
> = paths[P][M] extends {
  responses: Record<S, { content: { 'application/json': infer T } }>
}
  ? T
  : never

export type SignedIn = Answer<'/auth/login', 'post', 200>
export type User = SignedIn['user']
export type Conversation = Answer<'/conversations/{id}', 'get', 200>
export type Turn = Conversation['turns'][number]
export type EndReason = NonNullable<Conversation['end_reason']>
export type ConversationPage = Answer<'/sessions/default/conversations', 'get', 200>
export type ConversationSummary = ConversationPage['items'][number]
export type Session = Answer<'/sessions/default', 'get', 200>
export type Level = NonNullable<Session['level']>
export type Patience = Session['patience']
export type MemoryPage = Answer<'/sessions/default/memories', 'get', 200>
export type Memory = MemoryPage['items'][number]
export type KeptData = Answer<'/api/v1/my-data', 'get', 200>['items'][number]
export type FoundTurn = Answer<'/api/v1/turns/search', 'get', 200>['items'][number]

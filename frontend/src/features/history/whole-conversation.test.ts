import { QueryClient } from '@tanstack/react-query'
import { describe, expect, it } from 'vitest'
import type { Api } from '@/lib/api/client'
import type { ConversationSummary } from '@/lib/api/models'
import { conversationQuery } from './history-queries'
import { wholeConversation } from './whole-conversation'

const turn = (seq: number, text: string) => ({
  id: `t${seq}`,
  seq,
  text,
  text_pending: text === '',
})
const asked = [turn(1, 'Olá!'), turn(2, '')]
const answered = [turn(1, 'Olá!'), turn(2, 'Bom dia.')]
const ENDED = '2026-11-21T18:13:00Z'

const conversation = (ended_at: string | null, turns: typeof asked) => ({
  id: 'c',
  ended_at,
  turn_count: turns.length,
  turns,
})

/** A server that has the conversation as it is now, and a page that may have seen it before. */
function world(now: ReturnType<typeof conversation>, seen?: ReturnType<typeof conversation>) {
  const calls: string[] = []
  const api = {
    GET: (path: string) => {
      calls.push(path)
      const data = path.endsWith('summary') ? { text: 'In short.' } : now
      return Promise.resolve({ data, response: new Response() })
    },
  } as unknown as Api
  const queries = new QueryClient()
  const { queryKey } = conversationQuery(api, 'c')
  if (seen !== undefined) queries.setQueryData(queryKey, { ...seen, summary: '' } as never)
  const summary = now as unknown as ConversationSummary
  return { calls, get: () => wholeConversation(api, queries, summary) }
}

describe('a whole conversation', () => {
  it('is fetched once, and then at hand', async () => {
    const { calls, get } = world(conversation(ENDED, answered))
    expect((await get()).turns).toEqual(answered)
    expect(await get()).toMatchObject({ summary: 'In short.' })
    expect(calls).toHaveLength(2)
  })

  it.each([
    ['was not over', conversation(null, answered)],
    ['had fewer turns', conversation(ENDED, [turn(1, 'Olá!')])],
    ['waited for words', conversation(ENDED, asked)],
  ])('is fetched anew where it %s when it was seen last', async (_, seen) => {
    const { get } = world(conversation(ENDED, answered), seen)
    expect((await get()).turns).toEqual(answered)
  })
})

import { describe, expect, it } from 'vitest'
import type { ConversationSummary } from '@/lib/api/models'
import { clockFor } from '@/lib/time'
import { byDay } from './days'

const at = (started_at: string): ConversationSummary => ({
  id: started_at,
  session_id: 's',
  mode: 'free_talk',
  started_at,
  ended_at: null,
  end_reason: null,
  provider: null,
  model: null,
  turn_count: 2,
  duration_ms: 60_000,
  first_words: 'Hello',
  first_learner_words: null,
})

const keys = (zone: string, ...starts: string[]) =>
  byDay(starts.map(at), clockFor('en', zone)).map(({ key, conversations }) => [
    key,
    conversations.length,
  ])

describe('conversations by day', () => {
  it('gathers those of one day by the clock of the learner, newest first', () => {
    const starts = ['2026-11-21T23:10:00Z', '2026-11-21T22:10:00Z', '2026-11-20T23:30:00Z']
    expect(keys('UTC', ...starts)).toEqual([
      ['2026-11-21', 2],
      ['2026-11-20', 1],
    ])
    expect(keys('Europe/Madrid', ...starts)).toEqual([
      ['2026-11-22', 1],
      ['2026-11-21', 2],
    ])
  })

  it('keeps the hour that comes twice, when the clocks go back, in one day', () => {
    const twice = ['2026-10-25T00:30:00Z', '2026-10-24T23:30:00Z']
    expect(keys('Europe/Berlin', ...twice)).toEqual([['2026-10-25', 2]])
  })
})

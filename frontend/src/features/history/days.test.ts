import { describe, expect, it } from 'vitest'
import type { ConversationSummary } from '@/lib/api/models'
import { daysAgo, wholeMinutes } from '@/lib/time'
import { byDay } from './days'

const at = (year: number, month: number, day: number, hour: number): ConversationSummary => ({
  id: `${day}-${hour}`,
  session_id: 's',
  mode: 'free_talk',
  started_at: new Date(year, month - 1, day, hour).toISOString(),
  ended_at: null,
  end_reason: null,
  provider: null,
  model: null,
  turn_count: 2,
  duration_ms: 60_000,
  first_words: 'Hello',
})

describe('conversations by day', () => {
  it('gathers those of one day by the clock of the learner, newest first', () => {
    const days = byDay([at(2026, 11, 21, 23), at(2026, 11, 21, 0), at(2026, 11, 20, 23)])
    expect(days.map(({ conversations }) => conversations.map(({ id }) => id))).toEqual([
      ['21-23', '21-0'],
      ['20-23'],
    ])
  })

  it('counts days by the calendar, not by hours', () => {
    const now = new Date(2026, 10, 21, 0, 30)
    expect(daysAgo(new Date(2026, 10, 20, 23, 50), now)).toBe(1)
    expect(daysAgo(new Date(2026, 10, 21, 0, 1), now)).toBe(0)
  })

  it('never says that somebody talked for no minutes', () => {
    expect(wholeMinutes(4_000)).toBe(1)
    expect(wholeMinutes(150_000)).toBe(3)
  })
})

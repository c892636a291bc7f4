import type { ConversationSummary } from '@/lib/api/models'
import type { Clock } from '@/lib/time'

export interface Day {
  /** `2026-11-21`, by the learner's clock. */
  key: string
  first: Date
  conversations: ConversationSummary[]
}

/** Conversations by the learner's day, in the order in which they came: newest first. */
export function byDay(conversations: readonly ConversationSummary[], clock: Clock): Day[] {
  const days = new Map<string, Day>()
  for (const conversation of conversations) {
    const started = new Date(conversation.started_at)
    const key = clock.dayOf(started)
    const day = days.get(key) ?? { key, first: started, conversations: [] }
    day.conversations.push(conversation)
    days.set(key, day)
  }
  return [...days.values()]
}

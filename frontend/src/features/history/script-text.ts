import type { Conversation } from '@/lib/api/models'
import { wholeMinutes, type Clock } from '@/lib/time'

/** The words of the interface that stand in a saved script. */
export interface ScriptWords {
  you: string
  tutor: string
  cut: string
  pending: string
  unreadable: string
  open: string
  mode: string
  minutes: (count: number) => string
}

/** A conversation as plain text, as one would print a play: who, when, and where somebody cut in. */
export function scriptText(
  conversation: Conversation & { summary: string },
  words: ScriptWords,
  clock: Clock,
): string {
  const started = new Date(conversation.started_at)
  const length =
    conversation.ended_at === null
      ? words.open
      : words.minutes(wholeMinutes(conversation.duration_ms))
  const head = [clock.fullDay(started), [clock.time(started), length, words.mode].join(' · ')]
  const lines = conversation.turns
    .filter(({ text, text_pending, text_error }) => text !== '' || text_pending || text_error)
    .map(({ speaker, text, text_pending, text_error, interrupted, started_at }) => {
      const name = speaker === 'learner' ? words.you : words.tutor
      const said = text_error
        ? `[${words.unreadable}]`
        : text_pending && text === ''
          ? `[${words.pending}]`
          : text
      const cut = interrupted ? ` // [${words.cut}]` : ''
      return `[${clock.time(new Date(started_at))}] ${name}: ${said}${cut}`
    })
  const blocks = [head.join('\n'), conversation.summary, ...lines].filter((block) => block !== '')
  return `${blocks.join('\n\n')}\n`
}

/** `avaaz-2026-11-21-1805.txt`, by the learner's clock. */
export function scriptFileName(startedAt: string, clock: Clock): string {
  const started = new Date(startedAt)
  return `avaaz-${clock.dayOf(started)}-${clock.hourAndMinute(started)}.txt`
}

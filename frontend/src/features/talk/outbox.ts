import type { ScriptEntry } from './transcript'

/** Words that the learner typed, until they stand in the script. */
export interface Typed {
  id: string
  text: string
  sends: number
  sentAt: number
  /** The turns that stood in the script when it was sent: none of them can be this one. */
  seen: readonly string[]
}

const MOST_SENDS = 4

/** The oldest words that have not been sent, or that nobody has taken up for `patienceMs`. */
export function nextToSend(
  waiting: readonly Typed[],
  now: number,
  patienceMs: number,
): Typed | null {
  const due = ({ sends, sentAt }: Typed) =>
    sends === 0 || (sends < MOST_SENDS && now - sentAt >= patienceMs)
  return waiting.find(due) ?? null
}

export function withSent(
  waiting: readonly Typed[],
  id: string,
  now: number,
  entries: readonly ScriptEntry[],
): Typed[] {
  return waiting.map((typed) => {
    if (typed.id !== id) return typed
    const seen = typed.sends === 0 ? entries.map((entry) => entry.id) : typed.seen
    return { ...typed, sends: typed.sends + 1, sentAt: now, seen }
  })
}

/** What still waits once `entries` stand in the script. */
export function withoutAnswered(
  waiting: readonly Typed[],
  entries: readonly ScriptEntry[],
): readonly Typed[] {
  const spoken = entries.filter(({ speaker, text }) => speaker === 'learner' && text !== '')
  const left = waiting.filter(
    ({ text, sends, seen }) =>
      sends === 0 ||
      !spoken.some((entry) => !seen.includes(entry.id) && plain(entry.text).includes(plain(text))),
  )
  return left.length === waiting.length ? waiting : left
}

function plain(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

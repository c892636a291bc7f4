import type { Turn } from '@/lib/api/models'
import type { Words } from '@/lib/livekit/words'

/** One turn as the page shows it, whether its words came over the room or from the API. */
export interface ScriptEntry {
  id: string
  speaker: 'learner' | 'tutor'
  text: string
  pending: boolean
  cut: boolean
  /** The turn's number where it is known: what orders the words. */
  seq: number | null
}

/** What an agent sends to hold a turn's place before its words are known. */
const PLACEHOLDER = '…'
/** Fills a stream that has no words: one without any text would not arrive. */
const NOTHING = /\u200B/g
const SEGMENT = /^turn-(\d+)$/

/** Takes up words from the room: known segments are replaced, new ones find their place. */
export function withWords(entries: readonly ScriptEntry[], words: Words): ScriptEntry[] {
  const text = words.text.replace(NOTHING, '').trim()
  return placed(entries, {
    id: words.segmentId,
    speaker: words.speaker,
    text: text === PLACEHOLDER ? '' : text,
    pending: text === PLACEHOLDER,
    cut: words.interrupted,
    seq: seqOf(words.segmentId),
  })
}

/**
 * Takes up the stored turns of the conversation. The room runs ahead of the database, so a turn that
 * is still without words there never silences words that are already on the page.
 */
export function withTurns(entries: readonly ScriptEntry[], turns: readonly Turn[]): ScriptEntry[] {
  let merged: readonly ScriptEntry[] = entries
  for (const turn of turns) {
    const id = `turn-${turn.seq}`
    const shown = entries.find((entry) => entry.id === id)
    if (shown !== undefined && shown.text !== '' && turn.text_pending) continue
    merged = placed(merged, {
      id,
      speaker: turn.speaker,
      text: turn.text,
      pending: turn.text_pending && turn.text === '',
      cut: turn.interrupted,
      seq: turn.seq,
    })
  }
  return [...merged]
}

/** What is worth showing: a turn of which nothing was heard has no words, and no line. */
export function shownEntries(entries: readonly ScriptEntry[]): ScriptEntry[] {
  return entries.filter((entry) => entry.pending || entry.text !== '')
}

function seqOf(segmentId: string): number | null {
  const match = SEGMENT.exec(segmentId)
  return match === null ? null : Number(match[1])
}

function placed(entries: readonly ScriptEntry[], entry: ScriptEntry): ScriptEntry[] {
  const known = entries.findIndex(({ id }) => id === entry.id)
  if (known >= 0) return entries.map((old, index) => (index === known ? entry : old))
  // Numbered turns go where their number says; anything else goes where it came in: last.
  const { seq } = entry
  const later =
    seq === null ? -1 : entries.findIndex((other) => other.seq !== null && other.seq > seq)
  return later < 0 ? [...entries, entry] : entries.toSpliced(later, 0, entry)
}

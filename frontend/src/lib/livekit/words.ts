import type { Room, TextStreamReader } from 'livekit-client'

/** The words of one segment as they stand now; a later report of the segment replaces this one. */
export interface Words {
  segmentId: string
  speaker: 'learner' | 'tutor'
  text: string
  interrupted: boolean
}

const TOPIC = 'lk.transcription'

/** Reports every change of every segment on `lk.transcription`. Call before the room is joined. */
export function readWords(room: Room, report: (words: Words) => void): void {
  /** The newest stream of each segment that is being read: nothing of the others is kept. */
  const newest = new Map<string, TextStreamReader>()
  /** Those that still trickle in after a newer one of their segment has begun. */
  const replaced = new WeakSet<TextStreamReader>()
  room.registerTextStreamHandler(TOPIC, (reader, sender) => {
    const segmentId = reader.info.attributes?.['lk.segment_id'] ?? reader.info.id
    const before = newest.get(segmentId)
    if (before !== undefined) replaced.add(before)
    newest.set(segmentId, reader)
    const learner = sender.identity === room.localParticipant.identity
    const tell = (text: string) => {
      if (replaced.has(reader)) return
      const interrupted = reader.info.attributes?.['avaaz.interrupted'] === 'true'
      report({ segmentId, speaker: learner ? 'learner' : 'tutor', text, interrupted })
    }
    void follow(reader, tell).finally(() => {
      if (newest.get(segmentId) === reader) newest.delete(segmentId)
    })
  })
}

async function follow(reader: TextStreamReader, tell: (text: string) => void): Promise<void> {
  let text = ''
  try {
    for await (const piece of reader) {
      text += piece
      tell(text)
    }
    // Once more at the close: a stream may hold no text at all, or bring attributes with its end.
    tell(text)
  } catch {
    // The speaker left in the middle. What was read stands; the stored turn corrects it.
  }
}

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
  /** The newest stream of each segment: an older one that still trickles in has been replaced. */
  const newest = new Map<string, TextStreamReader>()
  room.registerTextStreamHandler(TOPIC, (reader, sender) => {
    const segmentId = reader.info.attributes?.['lk.segment_id'] ?? reader.info.id
    newest.set(segmentId, reader)
    const learner = sender.identity === room.localParticipant.identity
    const tell = (text: string) => {
      if (newest.get(segmentId) !== reader) return
      const interrupted = reader.info.attributes?.['avaaz.interrupted'] === 'true'
      report({ segmentId, speaker: learner ? 'learner' : 'tutor', text, interrupted })
    }
    void follow(reader, tell)
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

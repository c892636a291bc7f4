import { preference } from '../preferences'
import { isTalking } from '../talk-under-way'

interface Line {
  saveData?: boolean
  type?: string
  effectiveType?: string
}

/** Whether things may be fetched to be kept: nobody talks, nobody pays by the byte, and the learner likes it. */
export function isQuietMoment(): boolean {
  const { connection } = navigator as { connection?: Line }
  const isDear =
    connection?.saveData === true ||
    connection?.type === 'cellular' ||
    connection?.effectiveType?.endsWith('2g') === true
  return (
    !isDear &&
    !isTalking() &&
    navigator.onLine &&
    document.visibilityState === 'visible' &&
    preference('keepConversations')
  )
}

import { asApiError } from './api/problem'
import type { Messages } from './messages'

/** The words for a fault. Codes are the API's contract; one that we do not know is its own trouble. */
export function wordsFor(cause: unknown, messages: Messages): string {
  const { code } = asApiError(cause)
  const known: Record<string, string | undefined> = messages.errors
  return known[code] ?? messages.errors.internal
}

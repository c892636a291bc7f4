import i18n from 'i18next'
import { asApiError } from './api/problem'

/** The words for a fault. Codes are the API's contract; one that we do not know is its own trouble. */
export function wordsFor(cause: unknown): string {
  return wordsForCode(asApiError(cause).code)
}

export function wordsForCode(code: string | null): string {
  const known = i18n.t('common:errors', { returnObjects: true }) as Record<string, string>
  return known[code ?? ''] ?? i18n.t('common:errors.internal')
}

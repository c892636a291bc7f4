import type { EndReason } from '@/lib/api/models'

const REASONS: readonly EndReason[] = [
  'learner_ended',
  'learner_gone',
  'tutor_ended',
  'time_limit',
  'provider_failed',
]

/** The tutor's own word on why it is over, or null for one that we do not know. */
export function knownReason(word: string): EndReason | null {
  return REASONS.find((reason) => reason === word) ?? null
}

import type { ConversationSummary } from '@/lib/api/models'

/**
 * By what one knows a conversation again: what one said oneself, as tutors begin alike; where that is nothing, what the
 * tutor said. Null when nobody said anything.
 */
export function rowWords({
  first_learner_words,
  first_words,
}: Partial<Pick<ConversationSummary, 'first_learner_words' | 'first_words'>>): string | null {
  return [first_learner_words, first_words].find(isSaid) ?? null
}

/** What an older version of the app has kept on this device may lack a field. */
function isSaid(words: string | null | undefined): words is string {
  return words !== null && words !== undefined && words !== ''
}

import type { Level } from '@/lib/api/models'

/** What the learner has answered. What is missing was skipped, or not asked yet. */
export interface Answers {
  target_language?: string
  goal?: string | null
  native_language?: string
  level?: Level | null
}

/** The answers of the first minutes until all of them are saved; a refresh loses none. */
export interface Draft {
  answers: Answers
  /** Those of them that the server does not have yet. */
  unsaved: Answers
}

export const emptyDraft: Draft = { answers: {}, unsaved: {} }

export function withAnswers(draft: Draft, given: Answers): Draft {
  return {
    answers: { ...draft.answers, ...given },
    unsaved: { ...draft.unsaved, ...given },
  }
}

/** What still waits once `sent` has arrived: an answer that was changed meanwhile is not saved. */
export function withSaved(draft: Draft, sent: Answers): Draft {
  const waiting = Object.entries(draft.unsaved).filter(
    ([name, value]) => sent[name as keyof Answers] !== value,
  )
  return { ...draft, unsaved: Object.fromEntries(waiting) }
}

export function isSaved({ unsaved }: Draft): boolean {
  return Object.keys(unsaved).length === 0
}

/** A draft belongs to one learner and one tab, and dies with either. */
const KEY = 'avaaz.welcome'

export function readDraft(stored: string | null, userId: string): Draft {
  try {
    const known: unknown = JSON.parse(stored ?? '')
    if (!isDraft(known) || known.userId !== userId) return emptyDraft
    return { answers: known.answers, unsaved: known.unsaved }
  } catch {
    return emptyDraft
  }
}

export function loadDraft(userId: string): Draft {
  return readDraft(sessionStorage.getItem(KEY), userId)
}

export function keepDraft(userId: string, draft: Draft): void {
  sessionStorage.setItem(KEY, JSON.stringify({ userId, ...draft }))
}

export function dropDraft(): void {
  sessionStorage.removeItem(KEY)
}

function isDraft(value: unknown): value is Draft & { userId: string } {
  const draft = value as Partial<Draft> | null
  return typeof draft === 'object' && isObject(draft?.answers) && isObject(draft.unsaved)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

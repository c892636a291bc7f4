import { describe, expect, it } from 'vitest'
import { emptyDraft, isSaved, readDraft, withAnswers, withSaved } from './draft'

const spanish = withAnswers(emptyDraft, { target_language: 'es', goal: 'a trip' })

describe('the answers of the first minutes', () => {
  it('wait together until they are saved', () => {
    const both = withAnswers(spanish, { native_language: 'de' })
    expect(both.unsaved).toEqual({ target_language: 'es', goal: 'a trip', native_language: 'de' })
    expect(isSaved(both)).toBe(false)
    const saved = withSaved(both, both.unsaved)
    expect(isSaved(saved)).toBe(true)
    expect(saved.answers).toEqual(both.answers)
  })

  it('that were changed while they were sent are sent again', () => {
    const changed = withAnswers(spanish, { target_language: 'it' })
    expect(withSaved(changed, spanish.unsaved).unsaved).toEqual({ target_language: 'it' })
  })

  it('tell an answer that was taken back from one that was never given', () => {
    expect(withAnswers(spanish, { goal: null }).unsaved.goal).toBeNull()
    expect(emptyDraft.unsaved).not.toHaveProperty('goal')
  })

  it('are there again after a refresh, for the same learner only', () => {
    const stored = JSON.stringify({ userId: 'ada', ...spanish })
    expect(readDraft(stored, 'ada')).toEqual(spanish)
    expect(readDraft(stored, 'eve')).toEqual(emptyDraft)
  })

  it.each([null, '', '{', 'null', '7', '{"userId":"ada"}', '{"userId":"ada","answers":7}'])(
    'are none where what was stored is damaged: %s',
    (stored) => expect(readDraft(stored, 'ada')).toEqual(emptyDraft),
  )
})

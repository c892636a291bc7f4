import { useQueryClient } from '@tanstack/react-query'
import { useNavigate, useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { orThrow } from '@/lib/api/client'
import { wordsFor } from '@/lib/errors'
import { languages } from '@/lib/i18n'
import { useAuthState, useServices } from '@/lib/services'
import { dropDraft, isSaved, keepDraft, loadDraft, withAnswers, withSaved } from './draft'
import type { Answers, Draft } from './draft'
import { primaryOf } from './guesses'
import { stepAfter, stepBefore, type WelcomeStep } from './steps'

export interface FirstMinutes {
  answers: Answers
  busy: boolean
  /** Why the last answer could not be saved. It is kept, and goes along with the next one. */
  fault: string | null
  /** Saves the answer and goes on. */
  answer: (given: Answers) => void
  skip: () => void
  skipAll: () => void
  /** Undefined at the first question. */
  back: (() => void) | undefined
}

/** Leads through the questions; each answer is saved as it is given. */
export function useFirstMinutes(step: WelcomeStep): FirstMinutes {
  const { api } = useServices()
  const router = useRouter()
  const navigate = useNavigate()
  const followSpoken = useInterfaceLanguage()
  const finish = useFinish()
  const [draft, keep] = useDraft()
  const [busy, setBusy] = useState(false)
  const [fault, setFault] = useState<{ at: WelcomeStep; words: string } | null>(null)

  const goOn = () => {
    const after = stepAfter(step)
    setFault(null)
    if (after === null) finish()
    else void navigate({ to: '/welcome', search: { step: after } })
  }

  const answer = async (given: Answers) => {
    const next = withAnswers(draft, given)
    keep(next)
    setBusy(true)
    try {
      if (!isSaved(next)) {
        await orThrow(api.PATCH('/sessions/default', { body: next.unsaved }))
        keep(withSaved(next, next.unsaved))
        if (next.unsaved.native_language !== undefined) followSpoken(next.unsaved.native_language)
      }
      goOn()
    } catch (cause) {
      setFault({ at: step, words: wordsFor(cause) })
    } finally {
      setBusy(false)
    }
  }

  const skipAll = () => {
    // An answer that could not be saved at its own question was promised to be saved later.
    if (!isSaved(draft))
      api.PATCH('/sessions/default', { body: draft.unsaved }).catch(() => undefined)
    finish()
  }

  const before = stepBefore(step)
  return {
    answers: draft.answers,
    busy,
    fault: fault?.at === step ? fault.words : null,
    answer: (given) => void answer(given),
    skip: goOn,
    skipAll,
    back:
      before === null
        ? undefined
        : () => {
            // As the browser's own button does, unless this page was opened in the middle.
            if (router.history.canGoBack()) router.history.back()
            else void navigate({ to: '/welcome', search: { step: before }, replace: true })
          },
  }
}

function useDraft(): [Draft, (draft: Draft) => void] {
  const state = useAuthState()
  const userId = state.status === 'signed_in' ? state.user.id : ''
  const [draft, setDraft] = useState(() => loadDraft(userId))
  return [
    draft,
    (changed) => {
      keepDraft(userId, changed)
      setDraft(changed)
    },
  ]
}

function useFinish(): () => void {
  const navigate = useNavigate()
  const queries = useQueryClient()
  return () => {
    dropDraft()
    void queries.invalidateQueries({ queryKey: ['session'] })
    void navigate({ to: '/', replace: true })
  }
}

/** The interface follows what the learner speaks, where we have it. */
function useInterfaceLanguage(): (spoken: string) => void {
  const { api, auth } = useServices()
  return (spoken) => {
    const language = languages().find((known) => known === primaryOf(spoken))
    if (language === undefined) return
    orThrow(api.PATCH('/auth/me', { body: { ui_language: language } })).then(
      (user) => auth.userChanged(user),
      // Not worth a word: the settings have the choice.
      () => undefined,
    )
  }
}

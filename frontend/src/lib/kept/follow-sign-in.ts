import type { Auth } from '../auth/auth'
import { onPreferences, preference } from '../preferences'
import { keepFor } from './kept-store'

/** What is kept here is the present learner's alone: it goes with their sign-in, or at their wish. */
export function followSignIn(auth: Auth): void {
  let before: string | null | undefined
  const follow = () => {
    const state = auth.snapshot()
    // Not answered yet: what is here may be theirs.
    if (state.status === 'unknown' || state.status === 'unreachable') return
    const learner = 'user' in state && preference('keepConversations') ? state.user.id : null
    if (learner === before) return
    before = learner
    void keepFor(learner)
  }
  auth.subscribe(follow)
  onPreferences(follow)
  follow()
}

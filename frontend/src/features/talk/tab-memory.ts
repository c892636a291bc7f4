/** The conversation that this tab talks in. It survives a refresh and dies with the tab. */
const KEY = 'avaaz.talk'
/** Set while the learner of this tab only types: a refresh must not ask for the microphone. */
const TYPING = 'avaaz.talk-typing'
const LOCK = 'avaaz.talk'

let letGo: (() => void) | null = null

/** How this tab took part in the conversation, or null when it did not. */
export function partOfThisTab(conversationId: string): 'speaking' | 'typing' | null {
  if (sessionStorage.getItem(KEY) !== conversationId) return null
  return sessionStorage.getItem(TYPING) === null ? 'speaking' : 'typing'
}

export function rememberTab(conversationId: string, part: 'speaking' | 'typing'): void {
  sessionStorage.setItem(KEY, conversationId)
  if (part === 'typing') sessionStorage.setItem(TYPING, 'yes')
  else sessionStorage.removeItem(TYPING)
}

export function forgetTab(): void {
  sessionStorage.removeItem(KEY)
  sessionStorage.removeItem(TYPING)
  letGo?.()
  letGo = null
}

/**
 * Marks this tab as the one that talks; false when another tab of this browser is. A duplicated tab
 * inherits the memory of the first, so memory alone would let it snatch the conversation away.
 */
export async function claimTab(): Promise<boolean> {
  if (letGo !== null) return true
  return new Promise((resolve) => {
    void navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => {
      resolve(lock !== null)
      if (lock === null) return undefined
      return new Promise<void>((release) => (letGo = release))
    })
  })
}

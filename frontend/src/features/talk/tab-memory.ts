/** The conversation that this tab talks in. It survives a refresh and dies with the tab. */
const KEY = 'avaaz.talk'
const LOCK = 'avaaz.talk'

let letGo: (() => void) | null = null

export function isThisTab(conversationId: string): boolean {
  return sessionStorage.getItem(KEY) === conversationId
}

export function rememberTab(conversationId: string): void {
  sessionStorage.setItem(KEY, conversationId)
}

export function forgetTab(): void {
  sessionStorage.removeItem(KEY)
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

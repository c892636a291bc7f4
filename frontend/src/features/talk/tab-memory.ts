/** The conversation that this tab talks in. It survives a refresh and dies with the tab. */
const KEY = 'avaaz.talk'
/** Set while the learner of this tab only types: a refresh must not ask for the microphone. */
const TYPING = 'avaaz.talk-typing'
/** By what the server knows who took the conversation last: a new one for each time that the learner took it up here. */
const TAKEN_AS = 'avaaz.talk-taken-as'
/** Held by the one tab that has the conversation; not the lock of all that are in a talk. */
const LOCK = 'avaaz.talk'

let letGo: (() => void) | null = null
let claiming: Promise<boolean> | null = null
let whenTaken: () => void = () => undefined

interface TabPart {
  part: 'speaking' | 'typing'
  takenAs: string
}

/** How this tab took part in the conversation, or null when it did not. */
export function partOfThisTab(conversationId: string): TabPart | null {
  const takenAs = sessionStorage.getItem(TAKEN_AS)
  if (sessionStorage.getItem(KEY) !== conversationId || takenAs === null) return null
  return { part: sessionStorage.getItem(TYPING) === null ? 'speaking' : 'typing', takenAs }
}

export function rememberTab(conversationId: string, { part, takenAs }: TabPart): void {
  sessionStorage.setItem(KEY, conversationId)
  sessionStorage.setItem(TAKEN_AS, takenAs)
  if (part === 'typing') sessionStorage.setItem(TYPING, 'yes')
  else sessionStorage.removeItem(TYPING)
}

export function forgetTab(): void {
  sessionStorage.removeItem(KEY)
  sessionStorage.removeItem(TYPING)
  sessionStorage.removeItem(TAKEN_AS)
  letGo?.()
  letGo = null
}

/**
 * Marks this tab as the one that talks. A learner who presses takes that from any other tab of this browser, which is
 * told so even without a network; otherwise it is false while another tab talks. (A duplicated tab inherits the memory of
 * the first, so memory alone would let it snatch the conversation away.)
 */
export async function claimTab(pressed: boolean, taken: () => void): Promise<boolean> {
  whenTaken = taken
  // Asked a second time meanwhile, the browser would say that another has it: this tab.
  if (claiming !== null) await claiming
  if (letGo !== null) return true
  claiming = new Promise((resolve) => {
    const options = pressed ? { steal: true } : { ifAvailable: true }
    const hold = (lock: Lock | null) => {
      resolve(lock !== null)
      return lock === null ? undefined : new Promise<void>((release) => (letGo = release))
    }
    navigator.locks.request(LOCK, options, hold).catch(() => {
      letGo = null
      forgetTab()
      whenTaken()
    })
  })
  return claiming
}

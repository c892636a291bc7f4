import { useEffect, useRef } from 'react'

export interface TalkKeys {
  mute: (() => void) | undefined
  type: (() => void) | undefined
  help: () => void
}

/** Space, T and ?, wherever on the page one is, but never while writing or on a control of its own. */
export function useTalkKeys(keys: TalkKeys): void {
  const latest = useRef(keys)
  useEffect(() => {
    latest.current = keys
  })
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
      if (isBusy(event.target, event.key)) return
      const action = actionFor(event.key, latest.current)
      if (action === undefined) return
      event.preventDefault()
      if (!event.repeat) action()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
}

function actionFor(key: string, keys: TalkKeys): (() => void) | undefined {
  if (key === ' ') return keys.mute
  if (key === 't' || key === 'T') return keys.type
  return key === '?' ? keys.help : undefined
}

function isBusy(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (
    target.closest('input, textarea, select, [contenteditable], [role="menu"], [role="dialog"]')
  ) {
    return true
  }
  // Space presses the control that has the focus; the letters are free there.
  return key === ' ' && target.closest('button, a, [role="button"]') !== null
}

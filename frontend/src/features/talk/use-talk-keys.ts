import { useEffect, useRef } from 'react'
import type { PushToTalk } from './hold-button'

export interface TalkKeys {
  mute: (() => void) | undefined
  /** With push-to-talk, Space does this instead. */
  hold: PushToTalk | null
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
    let letGo: (() => void) | null = null
    const release = () => {
      letGo?.()
      letGo = null
    }
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
      if (isBusy(event.target, event.key)) return
      const { hold } = latest.current
      if (event.key === ' ' && hold !== null) {
        event.preventDefault()
        if (letGo !== null) return
        hold.press()
        letGo = hold.release
        return
      }
      const action = actionFor(event.key, latest.current)
      if (action === undefined) return
      event.preventDefault()
      if (!event.repeat) action()
    }
    const onKeyUp = (event: KeyboardEvent) => {
      if (event.key === ' ') release()
    }
    const watching = new AbortController()
    window.addEventListener('keydown', onKey, watching)
    window.addEventListener('keyup', onKeyUp, watching)
    // A key that is let go over another window is never heard of here.
    window.addEventListener('blur', release, watching)
    return () => {
      watching.abort()
      release()
    }
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

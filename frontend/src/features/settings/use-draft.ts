import { useEffect, useRef, useState } from 'react'
import type { Setting } from './use-setting'

export interface Draft {
  text: string
  write: (text: string) => void
  /** Saves what was written, if that is something new. */
  save: () => void
}

/** Text in the making: saved when its field is left, or when the hand rests; kept as written when that fails. */
export function useDraft(
  { value, change, isSaved }: Pick<Setting<string>, 'value' | 'change' | 'isSaved'>,
  restMs: number | null = null,
): Draft {
  const [written, setWritten] = useState<string | null>(null)
  // What is saved may be changed elsewhere, and must not be written over that when this page is left.
  if (isSaved && written === value) setWritten(null)
  const sent = useRef<string | null>(null)
  const save = () => {
    if (written === null || written.trim() === value) return
    sent.current = written
    change(written.trim())
  }
  const latest = useRef(save)
  useEffect(() => {
    latest.current = save
  })
  useEffect(() => {
    if (written === null || restMs === null) return
    const timer = setTimeout(() => {
      // What was sent when the field was left, and failed, is tried again when somebody says so.
      if (sent.current !== written) latest.current()
    }, restMs)
    return () => clearTimeout(timer)
  }, [written, restMs])
  // One may go back to the list of settings, to another app or away for good without leaving the field first.
  useEffect(() => {
    const onHidden = () => {
      if (document.visibilityState === 'hidden') latest.current()
    }
    document.addEventListener('visibilitychange', onHidden)
    return () => {
      document.removeEventListener('visibilitychange', onHidden)
      latest.current()
    }
  }, [])
  return { text: written ?? value, write: setWritten, save }
}

import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'

/** Long enough for the next letter, too short to wait for. */
const REST_MS = 300

/**
 * What is typed into the search, and what of it stands in the address. The first letters make an
 * entry of their own in the browser's history, so that "back" leads to the list again.
 */
export function useTypedQuery(q: string): [string, (typed: string) => void] {
  const navigate = useNavigate()
  const [typed, setTyped] = useState(q)
  const [sent, setSent] = useState(q)
  const [seen, setSeen] = useState(q)
  if (q !== seen) {
    setSeen(q)
    // The address changed by itself: somebody went back, or forth.
    if (q !== sent) {
      setSent(q)
      setTyped(q)
    }
  }
  useEffect(() => {
    const wanted = typed.trim()
    if (wanted === sent) return
    const go = () => {
      setSent(wanted)
      void navigate({
        to: '/history',
        search: wanted === '' ? {} : { q: wanted },
        replace: sent !== '',
      })
    }
    const timer = setTimeout(go, wanted === '' ? 0 : REST_MS)
    return () => clearTimeout(timer)
  }, [typed, sent, navigate])
  return [typed, setTyped]
}

import { useEffect, useState } from 'react'

/** Whether it has lasted for so long, counted from when this is first drawn. */
export function useSlow(afterMs: number): boolean {
  const [slow, setSlow] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), afterMs)
    return () => clearTimeout(timer)
  }, [afterMs])
  return slow
}

import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { isQuietMoment } from '@/lib/kept/quiet-moment'
import { useAuthState, useServices } from '@/lib/services'
import { onTalking } from '@/lib/talk-under-way'

/** After the page came up, or a talk was over: by then its summary is written, too. */
const QUIET_MS = 10_000

/** Keeps the latest conversations on this device, in quiet moments. */
export function useKeptLatest(): void {
  const { api } = useServices()
  const queries = useQueryClient()
  const isSignedIn = useAuthState().status === 'signed_in'
  useEffect(() => {
    if (!isSignedIn) return
    const keep = async () => {
      const { keepLatest } = await import('@/features/history/keep-latest')
      await keepLatest(api, queries)
    }
    let timer: ReturnType<typeof setTimeout>
    const later = () => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        // Nobody asked for it: what cannot be fetched now is fetched another time.
        if (isQuietMoment()) keep().catch(() => undefined)
      }, QUIET_MS)
    }
    const stop = onTalking(later)
    later()
    return () => {
      stop()
      clearTimeout(timer)
    }
  }, [api, queries, isSignedIn])
}

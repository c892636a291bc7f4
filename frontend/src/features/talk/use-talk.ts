import { useEffect, useState, useSyncExternalStore } from 'react'
import { fetchLivekitWhenIdle } from '@/lib/livekit/load'
import { useServices } from '@/lib/services'
import { TalkController } from './talk-controller'
import type { TalkSnapshot } from './talk-store'

interface Live {
  conversation_id: string
  learner_present: boolean
}

export interface Talk extends TalkSnapshot {
  controller: TalkController
}

/** The talk of this page: it takes up what is open, and hangs up when the page is left. */
export function useTalk(live: Live | null): Talk {
  const { api } = useServices()
  const [controller] = useState(() => new TalkController(api))
  // What was open when the page came up; later news of the session come over the line itself.
  const [openAtFirst] = useState(live)
  useEffect(() => {
    void controller.open(openAtFirst)
    return () => controller.dispose()
  }, [controller, openAtFirst])
  useEffect(fetchLivekitWhenIdle, [])
  const snapshot = useSyncExternalStore(controller.store.subscribe, controller.store.snapshot)
  return { ...snapshot, controller }
}

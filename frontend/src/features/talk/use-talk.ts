import { useEffect, useState, useSyncExternalStore } from 'react'
import { fetchLivekitWhenIdle } from '@/lib/livekit/load'
import type { Session } from '@/lib/api/models'
import { useServices } from '@/lib/services'
import { TalkController } from './talk-controller'
import type { TalkSnapshot } from './talk-store'
import { useWhileTalking } from './use-while-talking'

export interface Talk extends TalkSnapshot {
  controller: TalkController
}

/** The talk of this page: it takes up what is open, and hangs up when the page is left. */
export function useTalk({ live, push_to_talk }: Pick<Session, 'live' | 'push_to_talk'>): Talk {
  const { api } = useServices()
  const [controller] = useState(() => new TalkController(api))
  // What was open when the page came up; later news of the session come over the line itself.
  const [openAtFirst] = useState(live ?? null)
  useEffect(() => controller.setPushToTalk(push_to_talk), [controller, push_to_talk])
  useEffect(() => {
    void controller.open(openAtFirst)
    return () => controller.dispose()
  }, [controller, openAtFirst])
  useEffect(fetchLivekitWhenIdle, [])
  const snapshot = useSyncExternalStore(controller.store.subscribe, controller.store.snapshot)
  useWhileTalking(snapshot.state, controller)
  return { ...snapshot, controller }
}

import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { announceMicrophone, announceTalk } from '@/lib/media-session'
import { keepScreenAwake } from '@/lib/wake-lock'
import type { TalkController } from './talk-controller'
import { lineOf, type TalkState } from './talk-machine'

/** What a talk does beyond its page: the screen stays on, and the system knows that somebody talks. */
export function useWhileTalking(state: TalkState, controller: TalkController): void {
  const { t } = useTranslation(['talk', 'common'])
  const line = state.at === 'ending' ? null : lineOf(state)
  const talking = line !== null
  const heard = line?.microphone === 'live'
  const title = t('underWay')
  const app = t('common:name')

  useEffect(() => (talking ? keepScreenAwake() : undefined), [talking])
  useEffect(() => {
    if (!talking) return undefined
    return announceTalk(title, app, {
      toggleMicrophone: () => void controller.toggleMute(),
      hangUp: () => void controller.end(),
    })
  }, [talking, title, app, controller])
  useEffect(() => {
    if (talking) announceMicrophone(heard)
  }, [talking, heard])
}

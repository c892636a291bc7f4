import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { NeedsConnection } from '@/components/needs-connection'
import { Notice } from '@/components/notice'
import { Button } from '@/components/ui/button'
import { orThrow } from '@/lib/api/client'
import type { Session } from '@/lib/api/models'
import { asApiError } from '@/lib/api/problem'
import { useDocumentTitle } from '@/lib/document-title'
import { wordsFor } from '@/lib/errors'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import { useServices } from '@/lib/services'
import { wholeMinutes } from '@/lib/time'
import { lineOf } from './talk-machine'
import { TalkScreen, type TalkActions } from './talk-screen'
import { viewOf } from './talk-view'
import { statusWords } from './talk-words'
import type { Ending } from './voice-stage'
import { useTalk, type Talk } from './use-talk'

export function TalkPage() {
  const { t } = useTranslation(['talk', 'common'])
  useDocumentTitle(t('common:nav.talk'))
  const { api } = useServices()
  const session = useQuery({
    queryKey: ['session'],
    queryFn: () => orThrow(api.GET('/sessions/default')),
    // Whether a conversation is open is asked anew with each visit: an old answer would mislead.
    gcTime: 0,
    staleTime: Infinity,
  })
  if (session.isPending) return <main id="content" className="flex-1" aria-busy="true" />
  if (session.isError) {
    if (asApiError(session.error).code === 'network') {
      return (
        <main id="content" className="flex flex-1 items-center">
          <NeedsConnection />
        </main>
      )
    }
    return (
      <main id="content" className="flex-1">
        <Notice title={wordsFor(session.error)} hint={t('common:start.unreachableHint')} urgent>
          <Button onClick={() => void session.refetch()}>{t('common:retry')}</Button>
        </Notice>
      </main>
    )
  }
  return <OpenTalk session={session.data} />
}

function OpenTalk({ session }: { session: Session }) {
  const { mode, target_language, native_language } = session
  const { t } = useTranslation(['talk', 'common'])
  const { config } = useServices()
  const talk = useTalk(session.live ?? null)
  const languages = useMemo(
    () => [target_language, native_language],
    [target_language, native_language],
  )
  const { state, controller } = talk
  const minutes = useMinutes(talk.startedAt, talk.endedAt)
  useFreshHistory(state.at === 'ended')

  const actions = useMemo<TalkActions>(
    () => ({
      talk: () => void controller.talk(),
      callAgain: () => void controller.callAgain(),
      typeInstead: () => void controller.typeInstead(),
      toggleMute: () => void controller.toggleMute(),
      type: controller.type,
      end: () => void controller.end(),
      allowSound: () => void controller.allowSound(),
      chooseMicrophone: (id) => void controller.chooseMicrophone(id),
    }),
    [controller],
  )

  const view = viewOf(state)
  const line = lineOf(state)
  return (
    <TalkScreen
      view={view}
      words={statusWords(view.status, t, state.at === 'failed' ? state.code : null)}
      where={t(`modes.${mode}`)}
      minutes={line === null || minutes === null ? null : t('minutes', { count: minutes })}
      transcript={controller.transcript}
      languages={languages}
      waiting={talk.waiting}
      microphone={line?.microphone ?? 'none'}
      soundBlocked={line?.sound === 'blocked'}
      ending={endingOf(talk, minutes, t)}
      standIns={config.standIns.length > 0}
      readLoudness={controller.loudness}
      actions={actions}
    />
  )
}

function endingOf(
  { state, controller }: Talk,
  minutes: number | null,
  t: TFunction<'talk'>,
): Ending | null {
  if (state.at !== 'ended') return null
  const learnerTurns = controller.transcript
    .entries()
    .filter(({ speaker }) => speaker === 'learner').length
  return {
    conversationId: state.conversationId,
    time: t('ended', { count: minutes ?? 1 }),
    turns: t('endedTurns', { count: learnerTurns }),
    reason: t(`reasons.${state.reason ?? 'other'}`),
  }
}

const TICK_MS = 10_000

/** The minutes of the talk so far, or of the whole once it is over. */
function useMinutes(startedAt: Date | null, endedAt: Date | null): number | null {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS)
    return () => clearInterval(timer)
  }, [])
  if (startedAt === null) return null
  return wholeMinutes(
    (endedAt?.getTime() ?? Math.max(now, startedAt.getTime())) - startedAt.getTime(),
  )
}

/** A talk that ended belongs in the list: what was loaded before does not know it. */
function useFreshHistory(ended: boolean): void {
  const queries = useQueryClient()
  useEffect(() => {
    if (ended) void queries.invalidateQueries({ queryKey: ['conversations'] })
  }, [ended, queries])
}

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { NeedsConnection } from '@/components/needs-connection'
import { Notice } from '@/components/notice'
import { Button } from '@/components/ui/button'
import { orThrow } from '@/lib/api/client'
import type { Session } from '@/lib/api/models'
import { asApiError } from '@/lib/api/problem'
import { useConnection } from '@/lib/connection'
import { useDocumentTitle } from '@/lib/document-title'
import { wordsFor } from '@/lib/errors'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import { useServices } from '@/lib/services'
import { wholeMinutes } from '@/lib/time'
import { lineOf } from './talk-machine'
import type { PushToTalk } from './hold-button'
import type { TalkNoticeWords } from './talk-notice'
import { TalkOpening } from './talk-opening'
import { TalkScreen, type TalkActions } from './talk-screen'
import { viewOf, type Note } from './talk-view'
import { noteWords, statusWords } from './talk-words'
import type { Ending } from './voice-stage'
import { useTalk, type Talk } from './use-talk'

export function TalkPage() {
  const { t } = useTranslation(['talk', 'common'])
  useDocumentTitle(t('common:nav.talk'))
  const { api } = useServices()
  const session = useQuery({
    // Whether a conversation is open is asked anew with each visit: an old answer would mislead.
    queryKey: ['session', 'visit'],
    queryFn: () => orThrow(api.GET('/sessions/default')),
    gcTime: 0,
    staleTime: Infinity,
    // The settings may have been changed in another tab. (A talk goes on though no answer comes.)
    refetchOnWindowFocus: 'always',
  })
  if (session.data !== undefined) return <OpenTalk session={session.data} />
  if (session.isPending) return <TalkOpening />
  if (asApiError(session.error).code === 'network') return <NoTalk />
  return (
    <main id="content" className="flex-1">
      <Notice title={wordsFor(session.error)} hint={t('common:start.unreachableHint')} urgent>
        <Button disabled={session.isFetching} onClick={() => void session.refetch()}>
          {t('common:retry')}
        </Button>
      </Notice>
    </main>
  )
}

function OpenTalk({ session }: { session: Session }) {
  const { mode, target_language, native_language } = session
  const { t } = useTranslation(['talk', 'common'])
  const { config } = useServices()
  const connection = useConnection()
  const talk = useTalk(session)
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

  const pushToTalk = usePushToTalk(talk)
  const view = viewOf(state)
  const line = lineOf(state)
  if (state.at === 'door' && connection !== 'up') return <NoTalk />
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
      pushToTalk={pushToTalk}
      notice={noticeOf(view.note, talk, t)}
      soundBlocked={line?.sound === 'blocked'}
      ending={endingOf(talk, minutes, t)}
      standIns={config.standIns.length > 0}
      readLoudness={controller.loudness}
      actions={actions}
    />
  )
}

/** The microphone of somebody who holds a key or a button to speak; null where it is open until it is muted. */
function usePushToTalk({ state, controller }: Talk): PushToTalk | null {
  const line = lineOf(state)
  const on = line?.pushToTalk ?? false
  const held = line?.microphone === 'live'
  return useMemo(
    () =>
      on
        ? { held, press: () => controller.hold(true), release: () => controller.hold(false) }
        : null,
    [on, held, controller],
  )
}

function noticeOf(
  note: Note | null,
  { controller }: Talk,
  t: TFunction<'talk'>,
): TalkNoticeWords | null {
  if (note === null) return null
  const text = noteWords(note, t)
  if (note === 'system_loudspeaker' || note === 'poor_line') return { text }
  return { text, action: { name: t('useMicrophone'), act: () => void controller.talk() } }
}

const NoTalk = () => (
  <main id="content" className="flex flex-1 items-center">
    <NeedsConnection />
  </main>
)

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

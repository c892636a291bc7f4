import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { Button, buttonLook } from '@/components/ui/button'
import { useTranslation } from 'react-i18next'
import { CaptionMenu } from './caption-menu'
import { Captions } from './captions'
import { KeysDialog } from './keys-dialog'
import { Script } from './script'
import { TalkControls, WriteField } from './talk-controls'
import type { Microphone } from './talk-machine'
import type { TalkView } from './talk-view'
import type { StatusWords } from './talk-words'
import type { Typed } from './outbox'
import { useIsSaid, type TranscriptStore } from './transcript-store'
import { useTalkKeys } from './use-talk-keys'
import { VoiceRing, type ReadLoudness } from './voice-ring'

export interface TalkActions {
  talk: () => void
  callAgain: () => void
  typeInstead: () => void
  toggleMute: () => void
  type: (text: string) => void
  end: () => void
  allowSound: () => void
  chooseMicrophone: (id: string) => void
}

export interface Ending {
  conversationId: string | null
  time: string
  turns: string
  reason: string
}

interface TalkScreenProps {
  view: TalkView
  words: StatusWords
  /** Lesson or free talk. */
  where: string
  minutes: string | null
  transcript: TranscriptStore
  /** The languages of the lesson (BCP 47). */
  languages: readonly string[]
  waiting: readonly Typed[]
  microphone: Microphone
  soundBlocked: boolean
  ending: Ending | null
  standIns: boolean
  readLoudness: ReadLoudness
  actions: TalkActions
}

/** The talk page: everything comes in by props, and only pixels and presses go out. */
export function TalkScreen(props: TalkScreenProps) {
  const { view, transcript, languages, waiting, actions } = props
  const { t } = useTranslation(['talk', 'common'])
  const [typing, setTyping] = useState(false)
  const [showKeys, setShowKeys] = useState(false)
  const { controls } = view
  const hasWords = useIsSaid(transcript) || waiting.length > 0 || controls

  useTalkKeys({
    mute: controls ? actions.toggleMute : undefined,
    type: controls ? () => setTyping(true) : undefined,
    help: () => setShowKeys(true),
  })

  return (
    <main
      id="content"
      className={`grid min-h-0 flex-1 grid-cols-[minmax(0,1fr)] overflow-y-auto ${
        hasWords
          ? 'grid-rows-[auto_auto_minmax(8rem,1fr)_auto] desk:grid-cols-[minmax(0,1fr)_minmax(24rem,32rem)] desk:grid-rows-[auto_minmax(0,1fr)_auto]'
          : 'grid-rows-[auto_minmax(min-content,1fr)_auto]'
      }`}
    >
      <h1 className="sr-only">{t('title')}</h1>
      <TopLine {...props} onKeys={() => setShowKeys(true)} />
      <Voice {...props} roomy={!hasWords} />
      {hasWords && (
        <section className="flex min-h-0 flex-col border-line desk:col-start-2 desk:row-span-3 desk:row-start-1 desk:border-l desk:bg-raised">
          <Script {...{ transcript, languages, waiting }} />
        </section>
      )}
      <footer className="flex flex-col gap-1 pb-[env(safe-area-inset-bottom)] desk:col-start-1">
        {controls && typing && (
          <WriteField onSend={actions.type} onLeave={() => setTyping(false)} />
        )}
        {controls && (
          <TalkControls
            microphone={props.microphone}
            typing={typing}
            onMute={actions.toggleMute}
            onType={() => setTyping(!typing)}
            onEnd={actions.end}
            onChooseMicrophone={actions.chooseMicrophone}
          />
        )}
        {props.standIns && (
          <p className="px-4 pb-3 text-center text-small text-ink-soft">
            <StandIns />
          </p>
        )}
      </footer>
      <KeysDialog open={showKeys} onOpenChange={setShowKeys} />
    </main>
  )
}

function StandIns() {
  const { t } = useTranslation('common')
  return t('standIns')
}

function TopLine({ view, where, minutes, onKeys }: TalkScreenProps & { onKeys: () => void }) {
  const { t } = useTranslation(['talk', 'common'])
  const dot = {
    up: 'bg-ink',
    waiting: 'bg-edge animate-breathe',
    lost: 'bg-danger animate-breathe',
    off: '',
  }[view.connection]
  return (
    <div className="flex min-h-11 items-center gap-2 px-5 text-small text-ink-soft tablet:px-8">
      <span>{where}</span>
      {minutes !== null && (
        <>
          <span aria-hidden="true" className="size-1 rounded-full bg-current" />
          <span className="tabular-nums">{minutes}</span>
        </>
      )}
      <span className="ml-auto flex items-center gap-2">
        {view.connection !== 'off' && (
          <>
            <span aria-hidden="true" className={`size-2 rounded-full ${dot}`} />
            {t(`connection.${view.connection}`)}
          </>
        )}
      </span>
      <CaptionMenu />
      <button
        type="button"
        aria-label={t('keys')}
        className="-mr-3 hidden size-11 items-center justify-center rounded-full hover:text-ink desk:flex"
        onClick={onKeys}
      >
        <kbd aria-hidden="true" className="rounded-small border border-edge px-2 font-operated">
          {KEYS_KEY}
        </kbd>
      </button>
    </div>
  )
}

const KEYS_KEY = '?'

function Voice(props: TalkScreenProps & { roomy: boolean }) {
  const { view, words, actions, ending, roomy, transcript, languages } = props
  const { t } = useTranslation(['talk', 'common'])
  const inside = view.offer === 'talk'
  const large = roomy && view.shape !== 'closed'
  const size = large ? 'size-64 tablet:size-72' : 'size-40 tablet:size-52 desk:size-72'
  return (
    <section className="flex min-h-0 flex-col items-center justify-center gap-4 px-5 py-2 text-center">
      <div className={`relative shrink-0 transition-[width,height] duration-500 ${size}`}>
        <VoiceRing shape={view.shape} read={props.readLoudness} />
        {inside && (
          <button
            type="button"
            className="absolute inset-0 m-auto size-36 rounded-full bg-learner text-title font-medium text-paper transition-transform hover:scale-103"
            onClick={actions.talk}
          >
            {t('start')}
          </button>
        )}
      </div>
      {ending !== null && <EndingWords {...ending} />}
      <div
        aria-live="polite"
        className="flex flex-col items-center gap-1.5"
        data-talk={view.status}
      >
        {words.text !== '' && (
          <p className={roomy ? 'font-said text-title' : 'text-base text-ink-soft'}>{words.text}</p>
        )}
        {words.hint !== undefined && (
          <p className="max-w-96 text-base text-ink-soft">{words.hint}</p>
        )}
      </div>
      {view.controls && (
        <div className="hidden w-full justify-center desk:flex">
          <Captions {...{ transcript, languages }} besideScript />
        </div>
      )}
      <Offers {...props} />
    </section>
  )
}

function EndingWords({ time, turns, reason }: Ending) {
  return (
    <div className="flex flex-col gap-1.5" role="status">
      <p className="font-said text-title">{time}</p>
      <p className="text-base text-ink-soft">{turns}</p>
      <p className="text-base text-ink-soft">{reason}</p>
    </div>
  )
}

function Offers({ view, actions, ending, soundBlocked }: TalkScreenProps) {
  const { t } = useTranslation(['talk', 'common'])
  const offers = {
    talk: null,
    resume: { name: t('resume'), act: actions.talk },
    move: { name: t('moveHere'), act: actions.talk },
    call_again: { name: t('callAgain'), act: view.controls ? actions.callAgain : actions.talk },
    microphone_again: { name: t('common:retry'), act: actions.talk },
    talk_again: { name: t('talkAgain'), act: actions.talk },
  }
  const offer = view.offer === null ? null : offers[view.offer]
  const refused = view.offer === 'microphone_again'
  return (
    <div className="flex flex-wrap justify-center gap-3 empty:hidden">
      {soundBlocked && view.controls && (
        <Button onClick={actions.allowSound}>{t('tapToHear')}</Button>
      )}
      {refused && <Button onClick={actions.typeInstead}>{t('typeInstead')}</Button>}
      {offer !== null && (
        <Button weight={refused ? 'quiet' : 'primary'} onClick={offer.act}>
          {offer.name}
        </Button>
      )}
      {ending?.conversationId != null && (
        <Link
          to="/history/$conversationId"
          params={{ conversationId: ending.conversationId }}
          className={buttonLook('quiet')}
        >
          {t('see')}
        </Link>
      )}
    </div>
  )
}

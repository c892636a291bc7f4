import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Button, buttonLook } from '@/components/ui/button'
import { Icon, type IconName } from '@/components/ui/icon'
import { Captions } from './captions'
import { SoundCheck } from './sound-check'
import type { RingShape } from './ring-poses'
import type { Microphone } from './talk-machine'
import type { TalkActions } from './talk-screen'
import type { TalkView } from './talk-view'
import type { StatusWords } from './talk-words'
import type { TranscriptStore } from './transcript-store'
import { VoiceRing, type ReadLoudness } from './voice-ring'

export interface Ending {
  conversationId: string | null
  time: string
  turns: string
  reason: string
}

interface VoiceStageProps {
  view: TalkView
  words: StatusWords
  transcript: TranscriptStore
  languages: readonly string[]
  /** Whether there are words of the moment to show. */
  captions: boolean
  besideScript: boolean
  microphone: Microphone
  soundBlocked: boolean
  ending: Ending | null
  readLoudness: ReadLoudness
  actions: TalkActions
}

/** The middle of the page: the voice, what it is doing, its words, and the one thing to press. */
export function VoiceStage(props: VoiceStageProps) {
  const { view, words, actions, ending, transcript, languages, besideScript } = props
  const { t } = useTranslation('talk')
  const { controls, status } = view
  return (
    <section
      className="talk-voice"
      data-line={controls ? 'open' : ending === null ? 'closed' : 'ended'}
    >
      <div className="talk-ring">
        <VoiceRing shape={ringOf(view, props.microphone)} read={props.readLoudness} />
        <Sign view={view} microphone={props.microphone} />
        {view.offer === 'talk' && (
          <button
            type="button"
            className="absolute inset-0 m-auto size-[60%] rounded-full bg-learner text-title font-medium text-paper transition-[scale] duration-200 hover:scale-102 active:scale-98"
            onClick={actions.talk}
          >
            {t('start')}
          </button>
        )}
      </div>
      <div className="talk-said">
        {/* There before its words: what comes with words in it is not read out. A number that is put right is, alone. */}
        <div role="status" aria-atomic="false" className="contents">
          {ending !== null && <EndingWords {...ending} />}
        </div>
        <div aria-live="polite" className="talk-status" data-talk={status}>
          {words.text !== '' && (
            <p className={lookOf(view)} dir="auto">
              {words.text}
            </p>
          )}
          {words.hint !== undefined && (
            <p className="max-w-96 text-base text-ink-soft">{words.hint}</p>
          )}
        </div>
        {props.captions && (
          <div className="talk-captions">
            <Captions {...{ transcript, languages, besideScript }} />
          </div>
        )}
        <Offers {...props} />
        {status === 'start' && view.offer === 'talk' && <SoundCheck />}
      </div>
    </section>
  )
}

/** A breath alone would say that the tutor hears; muted, it does not. */
function ringOf({ shape }: TalkView, microphone: Microphone): RingShape {
  return shape === 'breathing' && microphone !== 'live' ? 'muted' : shape
}

/** What the state is about, in the middle of the ring, where its shape alone does not say. */
function Sign({ view, microphone }: { view: TalkView; microphone: Microphone }) {
  const sign = signOf(view, microphone)
  if (sign === null) return null
  return (
    <span key={sign} className="talk-sign text-ink-soft">
      <Icon name={sign} className="size-full" />
    </span>
  )
}

function signOf({ shape, status }: TalkView, microphone: Microphone): IconName | null {
  if (shape === 'waiting') return 'microphone'
  if (shape === 'grey') return 'keyboard'
  if (shape === 'crossed') return status === 'failed' ? null : 'microphone'
  if (shape !== 'breathing' || microphone === 'live') return null
  return microphone === 'muted' ? 'microphoneOff' : 'keyboard'
}

function lookOf({ controls, status }: TalkView): string {
  if (!controls) return 'font-said text-title text-balance'
  // The eye sees who speaks, and reads what is said.
  return status === 'speaking' ? 'sr-only' : 'text-base text-ink-soft'
}

function EndingWords({ time, turns, reason }: Ending) {
  return (
    <div className="flex flex-col gap-1.5">
      <p className="font-said text-title text-balance">{time}</p>
      <p className="text-base text-ink-soft">{turns}</p>
      <p className="text-base text-ink-soft">{reason}</p>
    </div>
  )
}

function Offers({ view, actions, ending, soundBlocked }: VoiceStageProps) {
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
    <div className="talk-offers">
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

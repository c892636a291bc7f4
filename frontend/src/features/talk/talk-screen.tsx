import { useEffect, useRef, useState, type RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import { useMediaQuery } from '@/lib/media-query'
import type { PushToTalk } from './hold-button'
import { KeysDialog } from './keys-dialog'
import type { Typed } from './outbox'
import { Script } from './script'
import { TalkControls } from './talk-controls'
import type { Microphone } from './talk-machine'
import { TalkNotice, type TalkNoticeWords } from './talk-notice'
import type { TalkView } from './talk-view'
import type { StatusWords } from './talk-words'
import { TopLine } from './top-line'
import { useIsSaid, type TranscriptStore } from './transcript-store'
import { useTalkKeys } from './use-talk-keys'
import { VoiceStage, type Ending } from './voice-stage'
import type { ReadLoudness } from './voice-ring'
import { WriteField } from './write-field'

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
  pushToTalk: PushToTalk | null
  soundBlocked: boolean
  /** What has changed beside the talk: a microphone gone, a poor line. */
  notice: TalkNoticeWords | null
  ending: Ending | null
  standIns: boolean
  readLoudness: ReadLoudness
  actions: TalkActions
}

/** From here on the transcript has a column of its own; tokens.css says the same as `desk`. */
const DESK = '(min-width: 64rem)'

/** The talk page: everything comes in by props, and only pixels and presses go out. */
export function TalkScreen(props: TalkScreenProps) {
  const { view, transcript, languages, waiting, pushToTalk, notice } = props
  const { t } = useTranslation(['talk', 'common'])
  const [typing, setTyping] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  const [showKeys, setShowKeys] = useState(false)
  const isSaid = useIsSaid(transcript)
  const script = useScript(isSaid || waiting.length > 0 || view.controls)
  const { controls } = view
  const main = useRef<HTMLElement>(null)
  useKeptFocus(main, controls)

  const actions = {
    ...props.actions,
    talk: () => {
      // A new talk begins with the voice, however the last one ended.
      if (!controls) setTyping(false)
      props.actions.talk()
    },
    // Whoever is to type needs the field for it.
    typeInstead: () => {
      setTyping(true)
      props.actions.typeInstead()
    },
  }

  const type = () => {
    setTyping(true)
    // Where it is open already, the focus may be elsewhere.
    field.current?.focus()
  }

  useTalkKeys({
    hold: controls ? pushToTalk : null,
    mute: controls ? actions.toggleMute : undefined,
    type: controls ? type : undefined,
    help: () => setShowKeys(true),
  })

  return (
    <main
      ref={main}
      id="content"
      tabIndex={-1}
      className="talk outline-none"
      data-script={script?.shown === true ? 'shown' : 'hidden'}
    >
      <h1 className="sr-only">{t('title')}</h1>
      <TopLine
        where={props.where}
        minutes={props.minutes}
        connection={view.connection}
        script={script}
        onKeys={() => setShowKeys(true)}
      />
      <VoiceStage
        {...props}
        actions={actions}
        captions={(isSaid || controls) && props.ending === null}
        besideScript={script?.shown === true}
      />
      <TalkNotice notice={notice} />
      {script?.shown === true && (
        <section className="talk-script">
          <Script {...{ transcript, languages, waiting }} />
        </section>
      )}
      <footer className="talk-controls">
        {controls && (
          <WriteField
            isOpen={typing}
            field={field}
            onSend={actions.type}
            onLeave={() => setTyping(false)}
          />
        )}
        {controls && (
          <TalkControls
            microphone={props.microphone}
            pushToTalk={pushToTalk}
            typing={typing}
            onMute={actions.toggleMute}
            onType={() => setTyping(!typing)}
            onEnd={actions.end}
            onChooseMicrophone={actions.chooseMicrophone}
          />
        )}
        {props.standIns && (
          <p className="px-4 pb-3 text-center text-small text-ink-soft">{t('common:standIns')}</p>
        )}
      </footer>
      <KeysDialog open={showKeys} onOpenChange={setShowKeys} holds={pushToTalk !== null} />
    </main>
  )
}

/** The buttons of a talk come and go; whoever was on one that went is not sent back to the top of the page. */
function useKeptFocus(main: RefObject<HTMLElement | null>, controls: boolean): void {
  const before = useRef(controls)
  useEffect(() => {
    if (before.current === controls) return
    before.current = controls
    if (document.activeElement === document.body) main.current?.focus({ preventScroll: true })
  }, [main, controls])
}

/** The transcript stands beside the voice where there is room, and is one press away where there is none. */
function useScript(exists: boolean): { shown: boolean; toggle: () => void } | null {
  const desk = useMediaQuery(DESK)
  const [onDesk, setOnDesk] = useState(true)
  const [onPhone, setOnPhone] = useState(false)
  if (!exists) return null
  return desk
    ? { shown: onDesk, toggle: () => setOnDesk(!onDesk) }
    : { shown: onPhone, toggle: () => setOnPhone(!onPhone) }
}

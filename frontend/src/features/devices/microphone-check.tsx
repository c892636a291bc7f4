import { useEffect, useState, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '@/components/ui/button'
import { Icon } from '@/components/ui/icon'
import { remedyOf, type Refusal } from '@/lib/devices/refusal'
import { CheckController, type CheckSnapshot } from './check-controller'
import type { Tape } from './check-machine'
import { InputField, OutputField, ProcessingSwitches } from './device-fields'
import { LevelBars } from './level-bars'

interface MicrophoneCheckProps {
  /** Without the switches, where somebody only wants to know that they are heard. */
  brief?: boolean
}

/** Tries the microphone and the loudspeaker, and chooses them. The microphone is off before and after. */
export function MicrophoneCheck({ brief = false }: MicrophoneCheckProps) {
  const { t } = useTranslation('devices')
  const { controller, state, hearing, settings } = useCheck()
  const open = state.at === 'open'
  return (
    <div className="flex flex-col gap-6">
      <div
        data-check={open ? state.tape : state.at}
        className="flex min-h-64 flex-col items-center justify-center gap-3 rounded-card border border-line bg-raised px-5 py-6 text-center"
      >
        {open ? (
          <LevelBars name={t('check.level')} read={controller.loudness} />
        ) : (
          <Stage refused={state.at === 'refused'} />
        )}
        {/* One place for all that is said, so that each change of it is read out. */}
        <div role="status" className="flex min-h-13 flex-col items-center justify-center gap-1">
          {state.at === 'closed' && (
            <p className="text-small text-ink-soft">{t('check.promise')}</p>
          )}
          {state.at === 'asking' && <p className="font-said text-reading">{t('check.asking')}</p>}
          {state.at === 'refused' && <Refused cause={state.cause} />}
          {open && <Heard tape={state.tape} hearing={hearing} />}
        </div>
        <Actions controller={controller} state={state} />
      </div>
      <InputField asked={settings} />
      <OutputField asked={settings} />
      {!brief && <ProcessingSwitches asked={settings} settings={settings} />}
    </div>
  )
}

function Stage({ refused }: { refused: boolean }) {
  return (
    <span
      className={`flex size-20 items-center justify-center rounded-full border ${
        refused ? 'border-danger text-danger' : 'border-edge text-ink-soft'
      }`}
    >
      <Icon name={refused ? 'microphoneOff' : 'microphone'} className="size-8" />
    </span>
  )
}

function Heard({ tape, hearing }: { tape: Tape; hearing: CheckSnapshot['hearing'] }) {
  const { t } = useTranslation('devices')
  const words = {
    empty: t(`check.hearing.${hearing}`),
    recording: t('check.recording'),
    silent: t('check.silent'),
    playing: t('check.playing'),
    kept: t(`check.hearing.${hearing}`),
  }
  return <p className="font-said text-reading">{words[tape]}</p>
}

function Refused({ cause }: { cause: Refusal }) {
  const { t } = useTranslation('talk')
  return (
    <>
      <p className="font-said text-reading">{t(`refused.${cause}`)}</p>
      <p className="text-base text-ink-soft">{t(`remedy.${remedyOf(cause)}`)}</p>
    </>
  )
}

function Actions({ controller, state }: Pick<Check, 'controller' | 'state'>) {
  const { t } = useTranslation(['devices', 'common'])
  if (state.at !== 'open') {
    return (
      <Button
        weight={state.at === 'refused' ? 'quiet' : 'primary'}
        disabled={state.at === 'asking'}
        onClick={() => void controller.open()}
      >
        {state.at === 'refused' ? t('common:retry') : t('check.open')}
      </Button>
    )
  }
  const speak = (words: string) => <Button onClick={() => void controller.record()}>{words}</Button>
  return (
    <div className="flex flex-wrap justify-center gap-2">
      {state.tape === 'empty' && speak(t('check.record'))}
      {state.tape === 'silent' && speak(t('common:retry'))}
      {state.tape === 'recording' && (
        <Button onClick={controller.stop}>{t('check.hearNow')}</Button>
      )}
      {state.tape === 'playing' && <Button onClick={controller.stop}>{t('check.stop')}</Button>}
      {state.tape === 'kept' && (
        <>
          <Button onClick={() => void controller.playAgain()}>{t('check.again')}</Button>
          <Button weight="quiet" onClick={() => void controller.record()}>
            {t('check.anew')}
          </Button>
        </>
      )}
    </div>
  )
}

interface Check extends CheckSnapshot {
  controller: CheckController
}

function useCheck(): Check {
  const [controller] = useState(() => new CheckController())
  useEffect(() => {
    controller.enter()
    return () => controller.leave()
  }, [controller])
  const snapshot = useSyncExternalStore(controller.subscribe, controller.snapshot)
  return { ...snapshot, controller }
}

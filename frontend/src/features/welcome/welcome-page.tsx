import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ChoiceCards } from '@/components/ui/choice-cards'
import { TextArea } from '@/components/ui/text-area'
import { MicrophoneCheck } from '@/features/devices/microphone-check'
import type { Level } from '@/lib/api/models'
import { useLanguage } from '@/lib/i18n'
import { languageName } from '@/lib/languages'
import { LEVELS, LONGEST_GOAL } from '@/lib/lessons'
import { guessLearnt, guessSpoken, spokenLanguages } from './guesses'
import { LanguageQuestion } from './language-question'
import { Question, questionIds } from './question'
import type { WelcomeStep } from './steps'
import { useFirstMinutes, type FirstMinutes } from './use-first-minutes'

/** The first minutes of a new learner: three questions and a microphone, all of which may be skipped. */
export function WelcomePage({ step }: { step: WelcomeStep }) {
  const minutes = useFirstMinutes(step)
  switch (step) {
    case 'learn':
      return <LearnQuestion minutes={minutes} />
    case 'speak':
      return <SpeakQuestion minutes={minutes} />
    case 'level':
      return <LevelQuestion minutes={minutes} />
    case 'sound':
      return <SoundStep minutes={minutes} />
  }
}

function LearnQuestion({ minutes }: { minutes: FirstMinutes }) {
  const { t } = useTranslation('welcome')
  const { answers } = minutes
  const [target, setTarget] = useState(answers.target_language ?? guessLearnt(navigator.languages))
  const [goal, setGoal] = useState(answers.goal ?? '')
  const [missing, setMissing] = useState(false)
  const done = () => {
    if (target === null) setMissing(true)
    else minutes.answer({ target_language: target, goal: goal.trim() === '' ? null : goal.trim() })
  }
  return (
    <Question
      step="learn"
      title={t('learn.title')}
      hint={t('learn.hint')}
      minutes={minutes}
      onDone={done}
    >
      <div className="flex flex-col gap-6">
        <LanguageQuestion
          likely={[]}
          value={target}
          error={missing ? t('learn.missing') : undefined}
          onChoose={(tag) => {
            setTarget(tag)
            setMissing(false)
          }}
        />
        <TextArea
          label={t('learn.goal')}
          hint={t('learn.goalHint')}
          value={goal}
          maxLength={LONGEST_GOAL}
          onChange={(event) => setGoal(event.target.value)}
        />
      </div>
    </Question>
  )
}

function SpeakQuestion({ minutes }: { minutes: FirstMinutes }) {
  const { t } = useTranslation('welcome')
  const [native, setNative] = useState<string | null>(
    minutes.answers.native_language ?? guessSpoken(navigator.languages),
  )
  const [missing, setMissing] = useState(false)
  const done = () => {
    if (native === null) setMissing(true)
    else minutes.answer({ native_language: native })
  }
  return (
    <Question
      step="speak"
      title={t('speak.title')}
      hint={t('speak.hint')}
      minutes={minutes}
      onDone={done}
    >
      <LanguageQuestion
        likely={spokenLanguages(navigator.languages)}
        value={native}
        error={missing ? t('learn.missing') : undefined}
        onChoose={(tag) => {
          setNative(tag)
          setMissing(false)
        }}
      />
    </Question>
  )
}

const UNSURE = 'unsure'

function LevelQuestion({ minutes }: { minutes: FirstMinutes }) {
  const { t } = useTranslation('welcome')
  const uiLanguage = useLanguage()
  const target = minutes.answers.target_language
  const [level, setLevel] = useState<Level | typeof UNSURE>(minutes.answers.level ?? UNSURE)
  const known = LEVELS.map((each) => ({
    value: each,
    label: t(`level.known.${each}.label`),
    hint: t(`level.known.${each}.hint`),
    aside: <span className="pr-3 text-small text-ink-soft">{each}</span>,
  }))
  return (
    <Question
      step="level"
      title={target === undefined ? t('level.titleOpen') : t('level.title')}
      hint={t('level.hint')}
      about={target === undefined ? undefined : languageName(target, uiLanguage)}
      minutes={minutes}
      onDone={() => minutes.answer({ level: level === UNSURE ? null : level })}
    >
      <ChoiceCards
        {...questionIds}
        value={level}
        choices={[
          { value: UNSURE, label: t('level.unsure'), hint: t('level.unsureHint') },
          ...known,
        ]}
        onChoose={setLevel}
      />
    </Question>
  )
}

function SoundStep({ minutes }: { minutes: FirstMinutes }) {
  const { t } = useTranslation('welcome')
  return (
    <Question
      step="sound"
      title={t('sound.title')}
      hint={t('sound.hint')}
      minutes={minutes}
      done={t('sound.done')}
      onDone={() => minutes.answer({})}
    >
      <MicrophoneCheck brief />
    </Question>
  )
}

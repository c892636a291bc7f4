import { useTranslation } from 'react-i18next'
import { LanguageField } from '@/components/language-field'
import { ChoiceCards } from '@/components/ui/choice-cards'
import { TextArea } from '@/components/ui/text-area'
import type { Session } from '@/lib/api/models'
import { LEVELS, LONGEST_GOAL } from '@/lib/lessons'
import { useSessionSetting } from './learner-settings'
import { SessionPage } from './session-page'
import { SettingRow } from './setting-row'
import { useDraft } from './use-draft'

/** A tutor in mid-talk hears of the goal; half a sentence of it would only puzzle them. */
const REST_MS = 2_000

export function LearningPage() {
  return (
    <SessionPage section="learning" skeleton={[18, 18, 126, 32]}>
      {(session) => (
        <>
          <TargetLanguage session={session} />
          <NativeLanguage session={session} />
          <LevelChoice session={session} />
          <Goal session={session} />
        </>
      )}
    </SessionPage>
  )
}

interface Part {
  session: Session
}

function TargetLanguage({ session }: Part) {
  const { t } = useTranslation('settings')
  const setting = useSessionSetting(session, 'target_language')
  return (
    <SettingRow setting={setting}>
      <LanguageField
        label={t('target.title')}
        hint={t('target.hint')}
        value={setting.value}
        onChoose={setting.change}
      />
    </SettingRow>
  )
}

function NativeLanguage({ session }: Part) {
  const { t } = useTranslation('settings')
  const setting = useSessionSetting(session, 'native_language')
  return (
    <SettingRow setting={setting}>
      <LanguageField
        label={t('native.title')}
        hint={t('native.hint')}
        value={setting.value}
        onChoose={setting.change}
      />
    </SettingRow>
  )
}

function LevelChoice({ session }: Part) {
  const { t } = useTranslation('settings')
  const setting = useSessionSetting(session, 'level')
  return (
    <SettingRow title={t('level.title')} hint={t('level.hint')} setting={setting}>
      {(ids) => (
        <ChoiceCards
          {...ids}
          value={setting.value ?? 'unsure'}
          onChoose={(level) => setting.change(level === 'unsure' ? null : level)}
          choices={[
            ...LEVELS.map((level) => ({
              value: level,
              label: t(`level.choices.${level}.label`),
              hint: t(`level.choices.${level}.hint`),
            })),
            { value: 'unsure', label: t('level.unsure.label'), hint: t('level.unsure.hint') },
          ]}
        />
      )}
    </SettingRow>
  )
}

function Goal({ session }: Part) {
  const { t } = useTranslation('settings')
  const setting = useSessionSetting(session, 'goal')
  const draft = useDraft(
    {
      ...setting,
      value: setting.value ?? '',
      change: (goal) => setting.change(goal === '' ? null : goal),
    },
    REST_MS,
  )
  return (
    <SettingRow setting={setting}>
      <TextArea
        label={t('goal.title')}
        hint={t('goal.hint')}
        name="goal"
        rows={3}
        maxLength={LONGEST_GOAL}
        value={draft.text}
        invalid={setting.fault !== null}
        onChange={(event) => draft.write(event.target.value)}
        onBlur={draft.save}
      />
    </SettingRow>
  )
}

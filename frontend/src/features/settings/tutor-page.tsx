import { useTranslation } from 'react-i18next'
import { ChoiceCards } from '@/components/ui/choice-cards'
import { Switch } from '@/components/ui/switch'
import type { Patience, Session } from '@/lib/api/models'
import { useSessionSetting } from './learner-settings'
import { SessionPage } from './session-page'
import { SettingRow } from './setting-row'
import { VoiceChoice } from './voice-choice'

const PATIENCE = ['patient', 'normal', 'quick'] as const satisfies Patience[]

export function TutorPage() {
  return (
    <SessionPage section="tutor" skeleton={[90, 54, 16]}>
      {(session) => (
        <>
          <VoiceChoice session={session} />
          <PatienceChoice session={session} />
          <PushToTalk session={session} />
        </>
      )}
    </SessionPage>
  )
}

function PatienceChoice({ session }: { session: Session }) {
  const { t } = useTranslation('settings')
  const setting = useSessionSetting(session, 'patience')
  return (
    <SettingRow title={t('patience.title')} hint={t('patience.hint')} setting={setting}>
      {(ids) => (
        <ChoiceCards
          {...ids}
          value={setting.value}
          onChoose={setting.change}
          choices={PATIENCE.map((patience) => ({
            value: patience,
            label: t(`patience.choices.${patience}.label`),
            hint: t(`patience.choices.${patience}.hint`),
          }))}
        />
      )}
    </SettingRow>
  )
}

function PushToTalk({ session }: { session: Session }) {
  const { t } = useTranslation('settings')
  const setting = useSessionSetting(session, 'push_to_talk')
  return (
    <SettingRow title={t('pushToTalk.title')} setting={setting}>
      <Switch
        label={t('pushToTalk.label')}
        hint={t('pushToTalk.hint')}
        checked={setting.value}
        onChange={setting.change}
      />
    </SettingRow>
  )
}

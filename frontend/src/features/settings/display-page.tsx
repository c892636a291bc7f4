import { useTranslation } from 'react-i18next'
import { takeLanguage } from '@/components/choose-language'
import { ChoiceCards } from '@/components/ui/choice-cards'
import type { User } from '@/lib/api/models'
import { LANGUAGES, languages, useLanguage } from '@/lib/i18n'
import { setTheme, useTheme } from '@/lib/theme'
import { CaptionChoice } from './caption-choice'
import { useAccountSetting, useUser } from './learner-settings'
import { SettingRow } from './setting-row'
import { SettingsPage } from './settings-page'

/** How the page looks and which language it speaks: the first on this device, the second wherever one signs in. */
export function DisplayPage() {
  const user = useUser()
  return (
    <SettingsPage section="display">
      <CaptionChoice />
      <ThemeChoice />
      {user !== null && <UiLanguage user={user} />}
    </SettingsPage>
  )
}

function ThemeChoice() {
  const { t } = useTranslation(['settings', 'common'])
  const theme = useTheme()
  return (
    <SettingRow title={t('theme.title')} hint={t('theme.hint')}>
      {(ids) => (
        <ChoiceCards
          {...ids}
          columns
          value={theme}
          onChoose={setTheme}
          choices={[
            { value: 'system', label: t('common:themes.system') },
            { value: 'light', label: t('common:themes.light') },
            { value: 'dark', label: t('common:themes.dark') },
          ]}
        />
      )}
    </SettingRow>
  )
}

function UiLanguage({ user }: { user: User }) {
  const { t } = useTranslation('settings')
  const setting = useAccountSetting(user, 'ui_language')
  // What this page speaks; the account may have been told otherwise on another device.
  const spoken = useLanguage()
  return (
    <SettingRow title={t('uiLanguage.title')} hint={t('uiLanguage.hint')} setting={setting}>
      {(ids) => (
        <ChoiceCards
          {...ids}
          columns
          value={spoken}
          onChoose={(language) => {
            takeLanguage(language)
            setting.change(language)
          }}
          choices={languages().map((language) => ({
            value: language,
            label: LANGUAGES[language],
            lang: language,
          }))}
        />
      )}
    </SettingRow>
  )
}

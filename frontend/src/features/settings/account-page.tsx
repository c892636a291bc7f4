import { useTranslation } from 'react-i18next'
import { TextField } from '@/components/ui/text-field'
import type { User } from '@/lib/api/models'
import { useAccountSetting, useUser } from './learner-settings'
import { PasswordForm } from './password-form'
import { SettingRow } from './setting-row'
import { SettingsPage } from './settings-page'
import { SignOutEverywhere } from './sign-out-everywhere'
import { TimeZoneChoice } from './time-zone-choice'
import { useDraft } from './use-draft'

export function AccountPage() {
  const user = useUser()
  return (
    <SettingsPage section="account">
      {user !== null && (
        <>
          <Name user={user} />
          <Email user={user} />
          <TimeZoneChoice user={user} />
          <PasswordForm user={user} />
          <SignOutEverywhere />
        </>
      )}
    </SettingsPage>
  )
}

function Name({ user }: { user: User }) {
  const { t } = useTranslation('settings')
  const setting = useAccountSetting(user, 'display_name')
  const draft = useDraft(setting)
  return (
    <SettingRow setting={setting}>
      <TextField
        label={t('name.title')}
        hint={t('name.hint')}
        name="display_name"
        autoComplete="name"
        value={draft.text}
        aria-invalid={setting.fault !== null}
        onChange={(event) => draft.write(event.target.value)}
        onBlur={draft.save}
        onKeyDown={(event) => {
          if (event.key === 'Enter') draft.save()
        }}
      />
    </SettingRow>
  )
}

function Email({ user }: { user: User }) {
  const { t } = useTranslation('settings')
  return (
    <SettingRow title={t('email.title')} hint={t('email.hint')}>
      <p className="text-base break-all">{user.email}</p>
    </SettingRow>
  )
}
